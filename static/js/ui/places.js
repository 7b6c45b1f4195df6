// Names of where one is: "锦澜社区 09 网格 · 微网格 04", level words, short codes.
import { boot } from "../data/boot.js";
import { named } from "../data/named.js";

export const places = {
  /**
   * @param {{name: string, code: string, level: string}} area
   * @returns {string} its name, or level and code where it has none
   */
  title: (area) =>
    area.name && area.name !== area.code ? area.name : `${named(boot.levels, area.level)} ${places.tail(area.code)}`,
  /** @param {{ancestors?: Array<{name: string}>}} area @returns {string} names of the two areas above it */
  above: (area) =>
    (area.ancestors ?? [])
      .slice(-2)
      .map((ancestor) => ancestor.name || ancestor.code)
      .join(" · "),
  /**
   * @param {string} code
   * @returns {string} its end, as the map labels it: "A6732-0133-00" -> "0133-00", "33029900100600405" -> "00405"
   */
  tail(code) {
    const rest = code.slice(code.indexOf("-") + 1);
    return rest.includes("-") && rest.length <= 8 ? rest : code.slice(-5).replace(/^-/, "");
  },
  /** @param {{name?: string, code: string}} area @returns {string} as its label on the map: "04-05" */
  short(area) {
    if (/^\d+-\d+[a-z]*$/.test(area.name ?? "")) return area.name; // a unit of a market, row-column
    const word = boot.levels.at(-1)?.zh ?? "",
      at = word ? (area.name ?? "").indexOf(word) : -1;
    return area.name && area.name !== area.code && at > 0
      ? area.name.slice(0, at).trim()
      : places.tail(area.code ?? "");
  },
};
