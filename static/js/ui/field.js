// One field of a form: label, input, what is expected of it, and beneath it what was wrong with it.
import { el } from "./dom.js";
import { icon } from "./icon.js";

let count = 0;

/**
 * @param {{label: string, name: string, hint?: string | Node, input?: HTMLElement} & Record<string, unknown>} options
 *   what is not named here goes to the input
 * @returns {{node: HTMLElement, input: HTMLInputElement, oops: (text: string | null) => void}}
 */
export function field({ label, name, hint, input, beside, ...attributes }) {
  const id = `field-${(count += 1)}`;
  const control = input ?? el("input", { class: "input", name, ...attributes });
  const wrong = el("small", { class: "oops", id: `${id}-wrong`, hidden: true });
  const told = hint ? el("small", { class: "hint", id: `${id}-hint` }, hint) : null;
  control.id ||= id;
  const describe = (bad) =>
    control.setAttribute("aria-describedby", [told?.id, bad ? wrong.id : null].filter(Boolean).join(" "));
  describe(false);
  return {
    node: el("div", { class: "field" }, el("label", { for: control.id }, label), beside ? el("span", { class: "secret" }, control, beside) : control, wrong, told),
    input: control,
    oops(text) {
      wrong.hidden = !text;
      wrong.replaceChildren(...(text ? [icon("bad", "s"), el("span", {}, text)] : []));
      if (text) control.setAttribute("aria-invalid", "true");
      else control.removeAttribute("aria-invalid");
      describe(Boolean(text));
    },
  };
}

/**
 * Shows a refusal at the field it is about, and puts the cursor there; what belongs to none goes to `rest`.
 * @param {import("../data/api.js").ApiError} error
 * @param {Record<string, ReturnType<typeof field>>} fields by name; "grants" also takes "grants.0.area"
 * @param {(text: string) => void} rest
 */
export function refuse(error, fields, rest) {
  const named = error.body?.fields?.[0] ?? "";
  const found = fields[named] ?? fields[named.split(".")[0]];
  if (!found) return rest(error.text);
  found.oops(error.text);
  found.input.focus();
  return undefined;
}
