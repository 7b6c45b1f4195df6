// A lattice before it is saved: rows, columns and group, the baseline, units and stalls in figures, the checks.
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { lattice } from "../edit/operations/lattice.js";
import { el } from "./dom.js";
import { effectParts } from "./effect_parts.js";
import { factTable } from "./fact_table.js";
import { field } from "./field.js";
import { figureSections } from "./figure_sections.js";
import { figureText } from "./figure_text.js";
import { places } from "./places.js";
import { side } from "./side.js";

const { section } = figureSections;
const FIELDS = ["rows", "columns", "group"];

function numbers(mode) {
  return section(
    t("lattice.stalls"),
    null,
    el(
      "div",
      { class: "pair divide-wish" },
      FIELDS.map((key) => {
        const value = mode.wish[key];
        return field({
          label: t(`lattice.${key}`),
          name: key,
          type: "number",
          min: 1,
          max: 10000,
          step: 1,
          value: Number.isFinite(value) ? value : "",
          "data-key": `lattice ${key}`,
          hint: el("span", { class: "typed" }, t("divide.typed")),
          onchange: (event) => mode.set({ [key]: event.currentTarget.valueAsNumber }),
        }).node;
      }),
    ),
    el("p", { class: "hint" }, t("lattice.rest")),
  );
}

/** What the next click does, while a baseline is drawn. */
const next = (mode) => (mode.draft ? t(mode.draft.points.length ? "lattice.direction" : "lattice.corner") : null);

function baseline(mode, verbs) {
  const words = next(mode) ?? t(mode.baseline ? "lattice.baseline-own" : "lattice.baseline-none");
  const button = (key, onclick, ...more) => el("button", { class: "btn", type: "button", "data-key": key, onclick }, t(`lattice.${key}`), ...more);
  return section(
    t("lattice.baseline"),
    null,
    el("p", { class: "hint" }, words),
    mode.draft === null
      ? el("div", { class: "pair divide-wish" }, button(mode.baseline ? "redraw" : "draw", verbs.draw, el("kbd", {}, "K")), mode.baseline ? button("clear", verbs.clear) : null)
      : null,
  );
}

function figures(answer) {
  const { units, stalls, least, most } = lattice.figures(answer);
  return section(
    t("lattice.made"),
    null,
    factTable([
      [t("lattice.units"), format.number(units.length)],
      [t("lattice.all-stalls"), format.number(stalls)],
      [t("lattice.each"), least === null ? null : t("unit.households", { n: least === most ? least : `${least}–${most}` })],
      [t("fig.sum"), figureText.households(answer.totals_after.households)],
    ]),
  );
}

/** @param {import("../edit/modes/lattice_mode.js").LatticeMode} mode @param {object} verbs */
export function latticePanel(mode, verbs) {
  const { area, answer, refusal, missing } = mode;
  const { node, ready } = effectParts.checks(answer, verbs.see);
  side.show("lattice", {
    title: t("preview.lattice"),
    chip: answer ? el("span", { class: "chip edit" }, t("preview.unsaved")) : null,
    sub: area ? places.title(area) : null,
    body: (area
      ? [
          numbers(mode),
          baseline(mode, verbs),
          missing ? el("section", { class: "sec" }, el("div", { class: "trouble", role: "alert" }, t(missing))) : null,
          effectParts.refusal(refusal, verbs.see),
          answer ? figures(answer) : null,
          node,
        ]
      : [section(null, null, el("p", { class: "hint" }, t("lattice.pick")))]
    ).filter(Boolean),
    actions: effectParts.actions("lattice", ready, verbs, next(mode) ?? (area ? t("preview.note") : null)),
  });
}
