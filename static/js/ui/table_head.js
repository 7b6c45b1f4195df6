// The first row of a table of figures: an empty corner, then what each column holds.
import { el } from "./dom.js";

/** @param {...(string | Node | Array | null)} heads null leaves a column out @returns {HTMLTableSectionElement} */
export const tableHead = (...heads) =>
  el(
    "thead",
    {},
    el(
      "tr",
      {},
      el("td", {}),
      heads.filter((head) => head !== null).map((head) => el("th", { scope: "col" }, head)),
    ),
  );
