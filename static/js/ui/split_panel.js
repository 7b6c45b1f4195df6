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
  piece.isNew ? t("preview.new", { code: places.short({ code: piece.label }) }) : places.short(piece);

/** More pieces than columns: a list sorted by households, totals below. */
function pieceList(pieces, answer) {
  return el(
    "table",
    { class: "eff" },
    tableHead(t("fig.households"), t("fig.people"), ""),
    el(
      "tbody",
      {},
      [...pieces]
        .sort((a, b) => (b.after?.households ?? 0) - (a.after?.households ?? 0))
        .map((piece) =>
          el(
            "tr",
            {},
            el(
              "th",
              { scope: "row" },
              tag(piece),
              " ",
              piece.isNew ? t("preview.new", { code: places.tail(piece.label) }) : places.tail(piece.code),
            ),
            el("td", { class: "v" }, figureText.number(piece.after?.households)),
            el("td", {}, figureText.number(piece.after?.population)),
            el("td", {}, figureText.verdict(piece.after?.norm, { short: true })),
          ),
        ),
      el(
        "tr",
        { class: "grp" },
        el("th", { scope: "row" }, t("fig.sum")),
        el("td", { class: "v" }, figureText.number(answer.totals_after.households)),
        el("td", {}, figureText.number(answer.totals_after.population)),
        el("td", {}),
      ),
    ),
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
