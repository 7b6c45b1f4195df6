// Cutting in two before it is saved: which of the cuts, what it follows, now | A | B | sum, the norm, the checks.
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { halve } from "../edit/operations/halve.js";
import { el } from "./dom.js";
import { effectParts } from "./effect_parts.js";
import { effectTable } from "./effect_table.js";
import { figureSections } from "./figure_sections.js";
import { figureText } from "./figure_text.js";
import { places } from "./places.js";
import { side } from "./side.js";

const { section } = figureSections;

const tag = (piece) => el("span", { class: `tag ${piece.side}` }, piece.letter);
const codeOf = (piece) => (piece.isNew ? t("preview.new", { code: places.short({ name: piece.name, code: piece.label }) }) : places.short(piece));

/** What is true of the border, most telling first. @param {object} answer of the preview @returns {string[]} */
function border(answer) {
  const { follows, along, cut } = halve.border(answer);
  return [
    follows ? t("halve.follows", { what: follows }) : null,
    t("divide.border", { what: format.length(answer.line_m) }),
    along === null ? null : t("divide.along", { n: along }),
    t("divide.cut", { n: cut }),
  ].filter(Boolean);
}

function lead(mode) {
  const choice = (seed) =>
    el(
      "button",
      {
        class: "tg",
        type: "button",
        role: "radio",
        "aria-checked": String(seed === mode.seed),
        "data-key": `cut ${seed}`,
        onclick: () => mode.choose(seed),
      },
      t(`halve.cut-${seed + 1}`),
      " ",
      el("kbd", {}, String(seed + 1)),
    );
  return section(
    t("halve.which"),
    null,
    el("div", { class: "seg", role: "radiogroup", "aria-label": t("halve.which") }, halve.SEEDS.map(choice)),
    mode.refusal ? null : el("p", { class: "hint" }, mode.answer ? border(mode.answer).join(" · ") : t("divide.busy")),
  );
}

function table(answer, pieces, before) {
  const columns = pieces.map((piece) => ({ head: [tag(piece), el("br"), codeOf(piece)], figures: piece.after, strong: true }));
  return effectTable([{ head: [t("fig.now")], figures: before }, ...columns], { before, after: answer.totals_after, head: t("fig.sum") });
}

/** @param {import("../edit/modes/halve_mode.js").HalveMode} mode @param {object} verbs */
export function halvePanel(mode, verbs) {
  const { area, answer, refusal } = mode;
  const pieces = answer ? halve.pieces(answer) : [];
  const before = pieces.find((piece) => !piece.isNew)?.before ?? answer?.totals_before;
  const { node, ready } = effectParts.checks(answer && { ...answer, findings: answer.findings.filter((one) => !halve.SAID.includes(one.kind)) }, verbs.see);
  const verdicts = pieces.map((piece) => figureText.verdict(piece.after?.norm, { short: true }));
  side.show("halve", {
    title: t("preview.halve"),
    chip: answer ? el("span", { class: "chip edit" }, t("preview.unsaved")) : null,
    sub: area ? [places.title(area), " ", el("span", { class: "code" }, area.code)] : null,
    body: (area
      ? [
          lead(mode),
          effectParts.refusal(refusal, verbs.see),
          answer ? section(null, null, table(answer, pieces, before)) : null,
          answer ? effectParts.norm(pieces[0]?.after?.norm, pieces, { right: el("span", { class: "r" }, verdicts), old: before?.households ?? null }) : null,
          node,
        ]
      : [section(null, null, el("p", { class: "hint" }, t("halve.pick")))]
    ).filter(Boolean),
    actions: effectParts.actions("halve", ready, verbs, area ? t("preview.note") : null),
  });
}
