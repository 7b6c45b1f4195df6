// One icon of static/icons.svg; decoration only, the word stands beside it or in the label of its button.
import { el } from "./dom.js";

const sheet = document.body.dataset.icons;

/** @param {string} name without "i-" @param {string} [more] further classes: "s" small, "solid" filled */
export function icon(name, more = "") {
  const use = el("use", { href: `${sheet}#i-${name}` });
  return el("svg", { class: `ic ${more}`.trim(), "aria-hidden": "true", focusable: "false" }, use);
}
