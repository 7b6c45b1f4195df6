// A place without doors to tap (households unknown, or a whole area): numbers instead.
import { t } from "../data/i18n.js";
import { el } from "../ui/dom.js";
import { phone } from "./phone.js";
import { sums } from "./places.js";
import { stepper } from "./stepper.js";

export function numbers(place, record) {
  const now = sums(place, record);
  const held = { done: now.done, absent: now.absent, help: now.help };
  return el(
    "div",
    { class: "numbers", role: "group", "aria-label": place.name },
    el("p", { class: "mute t1" }, t(place.households === 0 ? "rep.no-household" : "rep.count-instead")),
    ...Object.keys(held).map((name) => stepper({ name, label: t(`rep.${name}`), value: held[name], onChange: (value) => phone.count(place, { ...held, [name]: value }).catch(() => {}) })),
    now.known ? null : el("button", { class: "btn", type: "button", "data-key": "zero", onclick: () => phone.count(place, held).catch(() => {}) }, t("rep.none-there")),
  );
}
