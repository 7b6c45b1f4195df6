// Words that configuration gives in two languages: levels, metrics, zone kinds, special groups, roles.
import { boot } from "./boot.js";

/**
 * @param {Array<{id: string, zh: string, en: string}>} list
 * @param {string} id
 * @returns {string} its name in the language of the page, else the id
 */
export function named(list, id) {
  const found = list.find((entry) => entry.id === id);
  return found?.[boot.lang] ?? found?.zh ?? id ?? "";
}
