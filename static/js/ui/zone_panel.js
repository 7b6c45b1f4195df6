// The zone proposal: kind, how it is chosen, what it is made of, people in it, order and reason, send.
import { boot } from "../data/boot.js";
import { t } from "../data/i18n.js";
import { named } from "../data/named.js";
import { page } from "../data/page.js";
import { WAYS } from "../edit/zone_choice.js";
import { el } from "./dom.js";
import { figureSections } from "./figure_sections.js";
import { figureText } from "./figure_text.js";
import { side } from "./side.js";
import { tableHead } from "./table_head.js";
import { ZoneFields } from "./zone_fields.js";
import { zoneMembers } from "./zone_members.js";
import { standingRows } from "./zone_table.js";
import { zoneTag } from "./zone_tag.js";

const { section } = figureSections;
const FIELDS = [
  { name: "reason", required: true, wide: true, most: 200 },
  { name: "order_no", most: 60 },
  { name: "authority", most: 60 },
  { name: "from", type: "datetime-local" },
  { name: "name", most: 60 },
];

/** Owns the fields of the proposal: they keep what was typed while the numbers change. Verbs: draw, fields, complete, clear. */
export class ZonePanel {
  /** @param {import("../edit/modes/zone_mode.js").ZoneMode} mode */
  constructor(mode) {
    this.mode = mode;
    this.form = new ZoneFields("zone", FIELDS);
    page.on("zoneSums", () => page.tool === "zone" && this.again());
  }

  /** @returns {Record<string, string>} what was typed, empty fields left out */
  fields() {
    return this.form.values();
  }

  /** A proposal needs a reason; marks it when it is missing. @returns {boolean} */
  complete() {
    return this.form.complete();
  }

  clear() {
    this.form.clear();
  }

  /** One of several as a row of buttons: arrows walk, one tab stop. */
  #choice(label, entries, now, choose) {
    const buttons = entries.map(([id, ...content]) =>
      el(
        "button",
        {
          class: "tg",
          type: "button",
          role: "radio",
          "aria-checked": String(id === now),
          tabindex: id === now ? "0" : "-1",
          "data-key": `${label} ${id}`,
          onclick: () => choose(id),
        },
        ...content,
      ),
    );
    const walk = (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const at = (buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length;
      buttons[at].focus();
      choose(entries[at][0]);
    };
    return el(
      "section",
      { class: "sec keep" },
      el("span", {}, t(`zone.${label}`)),
      el("span", { class: "seg", role: "radiogroup", "aria-label": t(`zone.${label}`), onkeydown: walk }, buttons),
    );
  }

  #figures(answer) {
    const f = answer?.figures;
    const value = (key) => (f ? (key === "special_total" ? figureSections.special(f) : figureText.number(f[key])) : "–");
    return el(
      "table",
      { class: "eff" },
      tableHead(...["households", "people", "special"].map((key) => t(`fig.${key}-short`))),
      el(
        "tbody",
        {},
        el(
          "tr",
          {},
          el("th", { scope: "row" }, zoneTag(this.mode.kind, "proposed"), " ", named(boot.zone_kinds, this.mode.kind)),
          ["households", "population", "special_total"].map((key) => el("td", { class: "v" }, value(key))),
        ),
        standingRows(page.zoneSums),
      ),
    );
  }

  /** Draws what is there already once more. */
  again() {
    this.draw(...(this.last ?? [null]));
  }

  /** @param {object | null} answer of the preview @param {string | null} [refusal] */
  draw(answer, refusal = null) {
    this.last = [answer, refusal];
    const { mode } = this;
    const f = answer?.figures;
    const notes = [
      f?.unknown_leaves ? t("zone.unknown-leaves", { n: f.unknown_leaves, count: f.unknown_leaves }) : null,
      f?.estimated ? t("zone.estimated") : null,
    ].filter(Boolean);
    const kinds = boot.zone_kinds
      .filter((kind) => kind.drawn)
      .sort((a, b) => b.rank - a.rank)
      .map((kind) => [kind.id, zoneTag(kind.id), named(boot.zone_kinds, kind.id)]);
    side.show("zone", {
      title: t("zone.proposal"),
      chip: el("span", { class: "chip edit" }, t("zone.unsent")),
      body: [
        this.#choice("kind", kinds, mode.kind, (kind) => mode.setKind(kind)),
        this.#choice(
          "way",
          WAYS.map((way) => [way, t(`zone.way-${way}`)]),
          mode.way,
          (way) => mode.setWay(way),
        ),
        section(
          null,
          null,
          this.#figures(answer),
          notes.map((note) => el("p", { class: "hint" }, note)),
        ),
        refusal ? el("section", { class: "sec" }, el("div", { class: "trouble" }, refusal)) : null,
        mode.way === "polygon"
          ? section(null, null, el("p", { class: "hint" }, t("zone.begin-polygon")))
          : zoneMembers(mode.choice, t(`zone.begin-${mode.way}`), { changed: () => mode.ask(), redraw: () => this.again() }),
        section(t("zone.order"), null, this.form.draw()),
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
            "data-writes": true,
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
