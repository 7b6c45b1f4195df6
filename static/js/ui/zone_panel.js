// The zone proposal: kind, how it is chosen, people in it, name, order number, reason, send.
import { boot } from "../data/boot.js";
import { t } from "../data/i18n.js";
import { named } from "../data/named.js";
import { zoneColour } from "../map/images.js";
import { el } from "./dom.js";
import { figureSections } from "./figure_sections.js";
import { figureText } from "./figure_text.js";
import { side } from "./side.js";

const { section } = figureSections;
const FIELDS = [
  ["name", false],
  ["order_no", false],
  ["reason", true],
];

/**
 * Owns the fields of the proposal: they keep what was typed while the numbers change. Verbs: draw, fields, complete,
 * clear.
 */
export class ZonePanel {
  /** @param {import("../edit/modes/zone_mode.js").ZoneMode} mode */
  constructor(mode) {
    this.mode = mode;
    this.inputs = Object.fromEntries(
      FIELDS.map(([name]) => [
        name,
        el("input", {
          class: "input",
          name,
          "data-key": `zone ${name}`,
          maxlength: name === "reason" ? 200 : 60,
          oninput: () => this.inputs[name].removeAttribute("aria-invalid"),
        }),
      ]),
    );
  }

  /** @returns {Record<string, string>} what was typed, empty fields left out */
  fields() {
    return Object.fromEntries(
      Object.entries(this.inputs)
        .map(([name, input]) => [name, input.value.trim()])
        .filter(([, value]) => value),
    );
  }

  /** A proposal needs a reason; marks it when it is missing. @returns {boolean} */
  complete() {
    const missing = FIELDS.filter(([name, required]) => required && !this.inputs[name].value.trim());
    for (const [name] of missing) this.inputs[name].setAttribute("aria-invalid", "true");
    if (missing.length) this.inputs[missing[0][0]].focus();
    return !missing.length;
  }

  clear() {
    for (const input of Object.values(this.inputs)) input.value = "";
  }

  #kinds() {
    return boot.zone_kinds
      .filter((kind) => kind.drawn)
      .sort((a, b) => b.rank - a.rank)
      .map((kind) =>
        el(
          "button",
          {
            class: "tg",
            type: "button",
            role: "radio",
            "aria-checked": String(kind.id === this.mode.kind),
            "data-key": `kind ${kind.id}`,
            onclick: () => this.mode.setKind(kind.id),
          },
          el("span", { class: `tag ${zoneColour(kind.id)}` }, kind.letter[boot.lang] ?? kind.letter.zh),
          named(boot.zone_kinds, kind.id),
        ),
      );
  }

  #ways() {
    return ["areas", "polygon"].map((way) =>
      el(
        "button",
        {
          class: "tg",
          type: "button",
          role: "radio",
          "aria-checked": String(way === this.mode.way),
          "data-key": `way ${way}`,
          onclick: () => this.mode.setWay(way),
        },
        t(`zone.way-${way}`),
      ),
    );
  }

  #figures(answer) {
    const f = answer?.figures;
    const cells = ["households", "population", "special_total"].map((key) =>
      el("td", { class: "v" }, f ? figureText.number(f[key]) : "–"),
    );
    return el(
      "table",
      { class: "eff" },
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          el("td", {}),
          ["households", "people", "special"].map((key) => el("th", { scope: "col" }, t(`fig.${key}`))),
        ),
      ),
      el(
        "tbody",
        {},
        el(
          "tr",
          {},
          el(
            "th",
            { scope: "row" },
            el(
              "span",
              { class: `tag ${zoneColour(this.mode.kind)}` },
              (boot.zone_kinds.find((kind) => kind.id === this.mode.kind)?.letter ?? {})[boot.lang] ?? "",
            ),
            " ",
            named(boot.zone_kinds, this.mode.kind),
          ),
          cells,
        ),
      ),
    );
  }

  /** @param {object | null} answer of the preview @param {string | null} [refusal] */
  draw(answer, refusal = null) {
    const { mode } = this;
    const f = answer?.figures;
    const notes = [
      f?.unknown_leaves ? t("zone.unknown-leaves", { n: f.unknown_leaves, count: f.unknown_leaves }) : null,
      f?.estimated ? t("zone.estimated") : null,
      mode.way === "areas" && mode.areas.size ? t("zone.areas", { n: mode.areas.size, count: mode.areas.size }) : null,
    ].filter(Boolean);
    const label = ([name, required]) =>
      el(
        "label",
        { class: `field ${name === "reason" ? "wide" : ""}` },
        el("span", {}, t(`zone.${name}`), required ? el("em", {}, " *") : null),
        this.inputs[name],
      );
    side.show("zone", {
      title: t("zone.proposal"),
      chip: el("span", { class: "chip edit" }, t("zone.unsent")),
      body: [
        el(
          "section",
          { class: "sec keep" },
          el("span", {}, t("zone.kind")),
          el("span", { class: "seg", role: "radiogroup", "aria-label": t("zone.kind") }, this.#kinds()),
        ),
        el(
          "section",
          { class: "sec keep" },
          el("span", {}, t("zone.way")),
          el("span", { class: "seg", role: "radiogroup", "aria-label": t("zone.way") }, this.#ways()),
        ),
        section(
          null,
          null,
          this.#figures(answer),
          notes.map((note) => el("p", { class: "hint" }, note)),
          answer ? null : el("p", { class: "hint" }, t(`zone.begin-${mode.way}`)),
        ),
        refusal ? el("section", { class: "sec" }, el("div", { class: "trouble" }, refusal)) : null,
        section(t("zone.order"), null, el("div", { class: "form" }, FIELDS.map(label))),
      ].filter(Boolean),
      actions: el(
        "div",
        { class: "act" },
        el(
          "button",
          {
            class: "btn",
            type: "button",
            "data-key": "cancel",
            onclick: () => {
              mode.escape();
              mode.desk.use("select");
            },
          },
          t("act.cancel"),
          el("kbd", {}, "Esc"),
        ),
        el(
          "button",
          {
            class: "btn pri",
            type: "button",
            "data-key": "propose",
            "aria-disabled": answer ? null : "true",
            onclick: () => answer && mode.propose(),
          },
          t("zone.propose"),
          el("kbd", {}, "Enter"),
        ),
        el("p", { class: "note" }, t("zone.note")),
      ),
    });
  }
}
