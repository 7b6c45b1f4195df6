// A table of facts on a card: a name and what is known; what nobody entered has no line.
import { el } from "./dom.js";

const NOTHING = new Set([null, undefined, ""]);

/** @param {Array<[string, unknown]>} lines @param {string | null} look class of the values */
export const factTable = (lines, look = null) =>
  el(
    "table",
    { class: "eff" },
    el(
      "tbody",
      {},
      lines.filter(([, value]) => !NOTHING.has(value)).map(([name, value]) => el("tr", {}, el("th", { scope: "row" }, name), el("td", { class: look }, value))),
    ),
  );
