// Names of where one is: "锦澜社区 09 网格 · 微网格 04", level words, short codes.
import { boot } from "../data/boot.js";
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { levels } from "../data/levels.js";
import { named } from "../data/named.js";

const NAMED = 3;

/** What areas of which only the code is told are called. @type {Map<string, {name: string, code: string, level: string}>} */
const met = new Map();

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
   * @returns {string} its end, as the map labels it: "A6732-0133-00" -> "0133-00", a part of it "0133-00-2", "33029900100600405" -> "00405"
   */
  tail(code) {
    const rest = code.slice(code.indexOf("-") + 1);
    return rest.includes("-") && rest.length <= 10 ? rest : code.slice(-5).replace(/^-/, "");
  },
  /** @param {{name?: string, code: string}} area @returns {string} as its label on the map: "04-05" */
  short(area) {
    if (/^\d+-\d+[a-z]*$/.test(area.name ?? "")) return area.name; // a unit of a market, row-column
    const number = /^\d\d-\d\d(?=\D)/.exec(area.name ?? "");
    if (number && (!area.level || area.level === levels.deepest)) return number[0]; // "04-05专属网格", whatever its kind
    if (area.name && area.name !== area.code && area.level && area.level !== levels.deepest) return area.name;
    const word = boot.levels.at(-1)?.zh ?? "",
      at = word ? (area.name ?? "").indexOf(word) : -1;
    return area.name && area.name !== area.code && at > 0
      ? area.name.slice(0, at).trim()
      : places.tail(area.code ?? "");
  },
  /** @param {Array<{name?: string, code: string}>} areas @returns {string} the first of them by name, and how many there are */
  names(areas) {
    const few = format.list(areas.slice(0, NAMED).map(places.short));
    return areas.length > NAMED ? t("list.and-more", { what: few, n: areas.length }) : few;
  },
  /** Areas as the server tells them: their names are kept. @param {Array<{name?: string, code: string | null, next_code?: string}>} areas */
  meet(areas) {
    for (const { name, level, ...area } of areas) {
      const code = area.next_code ?? area.code;
      if (name && code) met.set(code, { name, code, level });
    }
  },
  /** @param {string} code @returns {string} what `short` says of the area, its end when nobody told more than the code */
  called: (code) => places.short(met.get(code) ?? { code }),
};
