// A number with two big keys beside it; it can be typed as well.
import { t } from "../data/i18n.js";
import { el } from "../ui/dom.js";
import { icon } from "../ui/icon.js";

/**
 * @param {{name: string, label: string, value: number, most?: number, onChange: (value: number) => void}} options
 * @returns {HTMLElement}
 */
export function stepper({ name, label, value, most = 9999, onChange }) {
  const id = `step-${name}`;
  const set = (next) => {
    const whole = Math.min(most, Math.max(0, Math.round(next) || 0));
    if (whole !== value) onChange(whole);
    else input.value = String(value);
  };
  const input = el("input", { class: "input", id, "data-key": id, type: "text", inputmode: "numeric", autocomplete: "off", value: String(value), onchange: () => set(Number(input.value)) });
  const key = (step, look) =>
    el("button", { class: "btn", type: "button", "data-key": `${id}${step}`, "aria-label": t(step > 0 ? "rep.more" : "rep.less", { what: label }), onclick: () => set(value + step) }, icon(look));
  return el("div", { class: "stepper" }, el("label", { for: id }, label), key(-1, "minus"), input, key(1, "plus"));
}
