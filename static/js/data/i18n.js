// Words of the page in the language of the page.
import { boot } from "./boot.js";

const plural = new Intl.PluralRules(boot.lang === "zh" ? "zh-CN" : boot.lang);

const coarse = globalThis.matchMedia?.("(pointer: coarse)"); // who works with fingers is told of no keys

/**
 * The text of a key with its placeholders filled. A key may have the variants `key.one`, `key.other` chosen by
 * `values.n`, and `key.touch` for fingers.
 * @param {string} key
 * @param {Record<string, string|number>} [values]
 * @returns {string} the key itself when nobody wrote a text for it
 */
export function t(key, values = {}) {
  const variant = typeof values.count === "number" ? `${key}.${plural.select(values.count)}` : key;
  const text = (coarse?.matches && boot.messages[`${key}.touch`]) || (boot.messages[variant] ?? boot.messages[key] ?? key);
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}
