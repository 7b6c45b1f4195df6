// The effect of a cut before it is saved: now | A | B | sum, the norm, checks, who keeps the code, save.
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { el } from "./dom.js";
import { effectParts } from "./effect_parts.js";
import { effectTable } from "./effect_table.js";
import { figureText } from "./figure_text.js";
import { figureSections } from "./figure_sections.js";
import { icon } from "./icon.js";
import { places } from "./places.js";
import { side } from "./side.js";
import { tableHead } from "./table_head.js";

const COLUMNS = 3;
const { section } = figureSections;

const tag = (piece) => el("span", { class: `tag ${piece.side}` }, piece.letter);
const codeOf = (piece) =>
  piece.isNew ? t("preview.new", { code: places.short({ name: piece.name, code: piece.label }) }) : places.short(piece);

const SHORT = [
  ["fig.households", "fig.households-short", (f) => f.households],
  ["fig.people", "fig.people-short", (f) => f.population],
  ["fig.special", "fig.special-short", (f) => f.special_total],
  ["fig.need", "fig.need-short", (f) => f.staff?.need],
  ["fig.have", "fig.have-short", (f) => f.staff?.have],
  ["fig.gap", "fig.gap", (f) => f.staff?.gap],
];

const line = (head, figures, look) =>
  el(
    "tr",
    { class: look },
    el("th", { scope: "row" }, head),
    SHORT.map(([, , of], k) => el("td", { class: look === "" && !k ? "v" : "" }, figureText.number(figures ? of(figures) : null))),
  );

/** More pieces than columns: each area as it is, below it what it falls into, and the sum of all. */
function pieceList(pieces, answer) {
  const groups = new Map(),
    none = pieces.filter((piece) => typeof piece.after?.households !== "number").length;
  for (const piece of pieces) groups.set(piece.of, [...(groups.get(piece.of) ?? []), piece]);
  return el(
    "table",
    { class: "eff pieces" },
    tableHead(...SHORT.map(([name, short]) => el("abbr", { title: t(name) }, t(short)))),
    [...groups.values()].map((group) => {
      const whole = group.find((piece) => !piece.isNew) ?? group[0];
      return el(
        "tbody",
        {},
        line([t("preview.now-of", { what: places.short(whole) }), " ", figureText.word(whole.before?.norm)], whole.before, "was"),
        group.map((piece) => line([tag(piece), " ", codeOf(piece), " ", figureText.word(piece.after?.norm)], piece.after, "")),
      );
    }),
    el("tbody", {}, line([t("fig.sum"), none ? el("span", { class: "r mute" }, t("value.unknown-of", { n: none })) : null], answer.totals_after, "grp")),
  );
}

function normSection(pieces, before) {
  const norm = pieces[0]?.after?.norm;
  if (!norm || (norm.min === null && norm.max === null)) return null;
  const old = before?.households ?? null;
  const inside = pieces.filter((piece) => piece.after?.norm?.verdict === "in").length;
  const was = before?.norm?.verdict;
  const story = el(
    "span",
    { class: "r" },
    was === "over" || was === "under" ? icon(was, "solid") : null,
    t("preview.norm-story", {
      was: old === null ? t("value.unknown") : `${format.number(old)}${was ? ` ${t(`norm.${was}-word`)}` : ""}`,
      n: inside,
      all: pieces.length,
    }),
  );
  return effectParts.norm(norm, pieces, { right: story, old });
}

/** One area falls into more than two pieces: those on one side of the line may stay one area. */
const oneEachSide = ({ on, toggle }) =>
  el(
    "section",
    { class: "sec" },
    el(
      "label",
      { class: "check" },
      el("input", { type: "checkbox", checked: on, "data-key": "parts", onchange: toggle }),
      t("parts.one-each-side"),
    ),
  );

/**
 * @param {object} answer of POST /api/edits/preview
 * @param {object[]} pieces see edit/operations/split.js
 * @param {{cancel: () => void, save: () => void, keep: (piece: object) => void, parts: {on: boolean, toggle: () =>
 *   void}, see: (where: [number, number]) => void}} verbs
 */
export function splitPanel(answer, pieces, verbs) {
  const kept = pieces.filter((piece) => !piece.isNew);
  const before = answer.totals_before;
  const few = pieces.length <= COLUMNS;
  const was = kept.length === 1 ? kept[0].before : null;
  const { node, ready } = effectParts.checks(answer, verbs.see);
  const table = few
    ? effectTable(
        [
          { head: [t("fig.now")], figures: was ?? before },
          ...pieces.map((piece) => ({
            head: [tag(piece), el("br"), codeOf(piece)],
            figures: piece.after,
            strong: true,
          })),
        ],
        { before: was ?? before, after: answer.totals_after, head: t("fig.sum") },
      )
    : pieceList(pieces, answer);
  const label = (piece) => `${piece.letter} · ${figureText.households(piece.after?.households)}`;
  side.show("split", {
    title: t("preview.split"),
    chip: el("span", { class: "chip edit" }, t("preview.unsaved")),
    sub:
      kept.length === 1
        ? [places.title({ level: "", ...kept[0] }), " ", el("span", { class: "code" }, kept[0].code)]
        : t("preview.areas", { n: kept.length, count: kept.length }),
    body: [
      section(null, null, table),
      kept.length === 1 ? normSection(pieces, kept[0].before) : null,
      node,
      kept.length === 1 && (verbs.parts.on || pieces.length > 2) ? oneEachSide(verbs.parts) : null,
      kept.length === 1 && few
        ? el(
            "section",
            { class: "sec keep" },
            el("span", {}, t("preview.keeps", { code: places.short(kept[0]) })),
            el(
              "span",
              { class: "seg", role: "radiogroup" },
              pieces.map((piece) =>
                el(
                  "button",
                  {
                    class: "tg",
                    type: "button",
                    role: "radio",
                    "aria-checked": String(!piece.isNew),
                    "data-key": `keep ${piece.letter}`,
                    onclick: () => verbs.keep(piece),
                  },
                  label(piece),
                ),
              ),
            ),
            el("kbd", {}, "K"),
          )
        : null,
    ].filter(Boolean),
    actions: effectParts.actions("split", ready, verbs, ready ? undefined : t("preview.has-errors")),
  });
}
