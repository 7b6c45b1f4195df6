// The fields of a decision about a zone, kept while the card around them is drawn anew.
import { t } from "../data/i18n.js";
import { el } from "./dom.js";

/**
 * Owns a few fields. A field: {name, required?, wide?, most?, type?, options?, value?, hint?}; times are told with their
 * offset. Verbs: draw, values, complete, clear, focus.
 */
export class ZoneFields {
  /** @param {string} key of the form @param {Array<object>} fields */
  constructor(key, fields) {
    this.fields = fields.map((field) => ({ ...field, id: `${key}-${field.name}`, input: this.#input(key, field) }));
  }

  #input(key, { name, type = "text", most, options, value, required }) {
    const fine = (event) => event.target.removeAttribute("aria-invalid");
    const shared = {
      class: "input",
      id: `${key}-${name}`,
      name,
      "data-key": `${key} ${name}`,
      "aria-required": required ? "true" : null,
      oninput: fine,
    };
    if (options) {
      const select = el("select", shared, options.map(([id, words]) => el("option", { value: id }, words)));
      if (value) select.value = value;
      return select;
    }
    return el("input", {
      ...shared,
      type: type === "number" ? "text" : type,
      inputmode: type === "number" ? "numeric" : null,
      autocomplete: "off",
      maxlength: most ?? null,
      value: value ?? "",
    });
  }

  /** @returns {Record<string, string | number>} what was typed, empty fields left out */
  values() {
    const typed = this.fields.map(({ name, type, input }) => {
      const text = input.value.trim();
      if (!text) return [name, null];
      if (type === "datetime-local") return [name, new Date(text).toISOString()];
      return [name, type === "number" ? Number(text.replace(/[\s,]/g, "")) : text];
    });
    return Object.fromEntries(typed.filter(([, value]) => value !== null));
  }

  /** Marks what is missing and goes there. @returns {boolean} whether nothing is */
  complete() {
    const missing = this.fields.filter(({ required, input }) => required && !input.value.trim());
    for (const { input } of missing) input.setAttribute("aria-invalid", "true");
    missing[0]?.input.focus();
    return !missing.length;
  }

  /** Marks one field and goes there. @param {string} name @returns {boolean} whether there is such a field */
  wrong(name) {
    const found = this.fields.find((field) => field.name === name);
    found?.input.setAttribute("aria-invalid", "true");
    found?.input.focus();
    return Boolean(found);
  }

  focus() {
    this.fields[0]?.input.focus();
  }

  clear() {
    for (const { input, value } of this.fields) if (input.tagName === "INPUT") input.value = value ?? "";
  }

  draw() {
    return el(
      "div",
      { class: "form" },
      this.fields.map(({ name, id, required, wide, label, hint, input }) =>
        el(
          "div",
          { class: `field ${wide ? "wide" : ""}` },
          el("label", { for: id }, label ?? t(`zone.${name}`), required ? el("em", { "aria-hidden": "true" }, " *") : null),
          input,
          hint ? el("small", { class: "hint" }, hint) : null,
        ),
      ),
    );
  }
}
