// The table "now | A | B | sum": the same rows for every operation, with a tick where the sum is what it was.
import { boot } from "../data/boot.js";
import { format } from "../data/format.js";
import { gaps } from "../data/gaps.js";
import { t } from "../data/i18n.js";
import { el } from "./dom.js";
import { tableHead } from "./table_head.js";
import { figureText } from "./figure_text.js";
import { icon } from "./icon.js";

const ROWS = [
  { key: "households", strong: true, of: (f) => f.households },
  { key: "people", strong: true, of: (f) => f.population },
  { key: "special", strong: true, of: (f) => f.special_total },
  ...(boot.map.has.buildings ? [{ key: "buildings", of: (f) => f.buildings }] : []), // none known is not none there
  { key: "area", of: (f) => f.area_m2, show: format.hectares, tolerance: 60 },
  { key: "need", of: (f) => f.staff?.need },
  { key: "have", of: (f) => f.staff?.have },
  { key: "gap", strong: true, of: (f) => f.staff?.gap },
];

const known = (value) => value !== null && value !== undefined;

function cell(row, figures, strong) {
  const value = figures ? row.of(figures) : null;
  if (!known(value)) return el("td", { class: "unknown" }, t("value.unknown"));
  return el("td", { class: strong ? "v" : "" }, row.show ? row.show(value) : format.number(value));
}

/** By how much a figure changes: "+1", "−0.44". */
function difference(row, change) {
  return row.show ? `${change > 0 ? "+" : "−"}${row.show(Math.abs(change))}` : format.signed(change);
}

/** The gaps of the parts add up. */
const gapOf = (columns) => gaps.sum(columns.filter(({ strong }) => strong).map(({ figures }) => figures?.staff?.gap));

/** The last column: a figure after the edit with its difference from before, or, of a change, the difference alone. */
function lastCell(row, { before, after, change: bare = false }, columns) {
  const was = row.of(before),
    is = (row.key === "gap" ? gapOf(columns) : null) ?? row.of(after);
  if (!known(was) && !known(is)) return el("td", { class: "unknown" }, t("value.unknown"));
  if (!known(was) || !known(is)) return el("td", {}, bare ? t("value.unknown") : figureText.number(is));
  const change = is - was,
    shown = row.show ?? format.number;
  if (Math.abs(change) <= (row.tolerance ?? 0)) return el("td", { class: "same" }, icon("ok"), bare ? "0" : shown(is));
  return bare
    ? el("td", { class: "diff" }, difference(row, change))
    : el("td", {}, el("span", { class: "diff" }, `(${difference(row, change)})`), " ", shown(is));
}

/**
 * @param {{head: Array<Node|string>, figures: object | null, strong?: boolean}[]} columns
 * @param {{before: object, after: object, head: string, change?: boolean} | null} sum last column, the figures after; `change`:
 *   how much they differ instead; null leaves it out
 * @returns {HTMLTableElement}
 */
export function effectTable(columns, sum) {
  const rows = ROWS.filter((row) => columns.some(({ figures }) => figures && row.of(figures) !== undefined));
  return el(
    "table",
    { class: "eff" },
    tableHead(...columns.map(({ head }) => head), sum ? sum.head : null),
    el(
      "tbody",
      {},
      rows.map((row) =>
        el(
          "tr",
          {},
          el("th", { scope: "row" }, t(`fig.${row.key}`)),
          columns.map(({ figures, strong }) => {
            const made = cell(row, figures, strong && row.strong);
            if (!strong && sum) made.classList.add("was");
            return made;
          }),
          sum ? lastCell(row, sum, columns) : null,
        ),
      ),
    ),
  );
}
