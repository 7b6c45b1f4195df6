// Inputs that the forms of a hand-over share.
import { t } from "../data/i18n.js";
import { el } from "./dom.js";

/** @param {string} name @param {[string, string][]} entries value and words @param {string} [value] */
export const choose = (name, entries, value) =>
  el(
    "select",
    { class: "input", name },
    entries.map(([id, words]) => el("option", { value: id, selected: id === value }, words)),
  );

/** An input with its label above. */
export const labelled = (key, input, { required = false, wide = false } = {}) =>
  el(
    "label",
    { class: `field ${wide ? "wide" : ""}` },
    el("span", {}, t(`export.${key}`), required ? el("em", {}, " *") : null),
    input,
  );

/** Everything one may hand over, and the area at hand. */
export const scopes = (area) => [["", t("export.everything")], ...(area ? [[area.code, `${area.name || area.code}`]] : [])];
