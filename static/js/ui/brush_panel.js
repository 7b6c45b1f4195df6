// The panel of the brush: which area receives, how one paints, every area now and then, checks, save; or why it cannot be.
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { brush, RADII } from "../edit/operations/brush.js";
import { borderPanel } from "./border_panel.js";
import { el } from "./dom.js";
import { effectParts } from "./effect_parts.js";
import { figureSections } from "./figure_sections.js";
import { figureText } from "./figure_text.js";
import { places } from "./places.js";

const { section } = figureSections;
const WAYS = ["brush", "lasso", "box"];

const choice = (label, key, name, options) =>
  el(
    "div",
    { class: "brush-way" },
    el("span", {}, label, el("kbd", {}, key)),
    el(
      "div",
      { class: "seg", role: "radiogroup", "aria-label": label },
      options.map(({ id, text, on, choose }) =>
      el("button", { class: "tg", type: "button", role: "radio", "aria-checked": String(on), "aria-pressed": String(on), "data-key": `${name} ${id}`, onclick: choose }, text),
      ),
    ),
  );

/** Owns nothing; draws the state of the tool. */
export class BrushPanel {
  /** @param {import("../edit/modes/brush_mode.js").BrushMode} mode */
  constructor(mode) {
    this.mode = mode;
  }

  #lead(answer) {
    const { mode } = this;
    const gone = (answer?.changed ?? []).filter((one) => one.retired);
    return section(
      t("brush.receiver"),
      mode.to ? el("b", {}, places.short(mode.to)) : null,
      el("p", { class: "hint" }, t(!mode.near ? "brush.closer" : mode.to ? `brush.begin-${mode.way}` : "brush.pick")),
      el(
        "div",
        { class: "brush-ways" },
        choice(t("brush.way"), "L", "way", WAYS.map((id) => ({ id, text: t(`brush.${id}`), on: mode.way === id, choose: () => mode.set({ way: id }) }))),
        choice(t("brush.turn"), "K", "turn", [true, false].map((adds) => ({ id: adds, text: t(adds ? "brush.adds" : "brush.takes"), on: mode.adds === adds, choose: () => mode.set({ adds }) }))),
        mode.way === "brush"
          ? choice(t("brush.size"), "[ ]", "size", RADII.map((_, size) => ({ id: size, text: String(size + 1), on: mode.size === size, choose: () => mode.set({ size }) })))
          : null,
      ),
      mode.to && mode.strokes.empty ? el("button", { class: "lk", type: "button", "data-key": "another", onclick: () => mode.another() }, t("brush.another")) : null,
      gone.length ? el("p", { class: "hint" }, gone.map((one) => t("brush.retires", { area: `${places.short(one)} (${figureText.households(one.before?.households)})` })).join(" · ")) : null,
    );
  }

  /**
   * Where a piece hangs on nothing: the ways to allow it, and to give it to whoever the server says would take it. Where the
   * stroke leaves the parent: only what lies inside.
   */
  get #offers() {
    const { refusal } = this.mode,
      parent = refusal?.body?.inside;
    if (parent) return [{ key: "inside", words: t("brush.inside", { what: parent.name }), verb: () => this.mode.keep(parent) }];
    if (refusal?.code !== "parts") return [];
    const to = refusal.body?.to ?? [],
      give = { key: "give", words: t("parts.give", { to: format.list(to.map(places.called)) }), verb: () => this.mode.give() };
    return [{ key: "allow", words: t("brush.allow"), verb: () => this.mode.allow() }, ...(to.length ? [give] : [])];
  }

  draw() {
    const { mode } = this;
    const answer = mode.refusal || !mode.to ? null : mode.preview.answer;
    const lead = [
      this.#lead(answer),
      effectParts.parts(mode.allowed || mode.given, () => mode.allow(false), mode.given ? t("parts.given") : undefined),
      effectParts.parts(Boolean(mode.inside), () => mode.keep(null), t("brush.inside", { what: mode.inside?.name }), "inside"),
    ];
    const pieces = answer ? brush.pieces(answer, mode.to) : [];
    borderPanel(
      "brush",
      { answer, pieces, refusal: mode.refusal, offers: this.#offers, lead, unsaved: !mode.strokes.empty },
      { cancel: () => mode.cancel(), save: () => mode.finish(), see: (where) => mode.desk.canvas.goTo({ where }) },
    );
  }
}
