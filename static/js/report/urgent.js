// What cannot wait, in two taps: what, then where it is confirmed. The place is the area one works in, never the phone's.
import { t } from "../data/i18n.js";
import { page } from "../data/page.js";
import { el } from "../ui/dom.js";
import { icon } from "../ui/icon.js";
import { say } from "../ui/say.js";
import { phone } from "./phone.js";
import { clock, stateWord } from "./words.js";

/** reason -> metric and icon */
export const REASONS = {
  medical: ["needs_help", "help"],
  medicine: ["needs_help", "help"],
  supplies: ["open_requests", "box"],
  masks: ["open_requests", "box"],
  queue: ["open_requests", "people"],
  other: ["open_requests", "warn"],
};

/** @param {object} area */
export function urgent(area) {
  const chosen = page.reason;
  const send = async () => {
    await phone.urgent(area, REASONS[chosen][0], chosen);
    page.set({ reason: null });
    say.now(`${t(`rep.urgent-${chosen}`)}: ${t("rep.phone")}`);
  };
  const told = [...phone.items.values()].filter((item) => item.reason && item.body.area === area.code).sort((one, other) => other.made - one.made);
  return [
    el("h2", { class: "lead" }, t("rep.urgent-what")),
    el(
      "div",
      { class: "reasons", role: "group", "aria-label": t("rep.urgent-what") },
      ...Object.entries(REASONS).map(([reason, [, look]]) =>
        el(
          "button",
          { class: "btn", type: "button", "data-key": `reason-${reason}`, "aria-pressed": String(reason === chosen), onclick: () => page.set({ reason: reason === chosen ? null : reason }) },
          icon(look),
          el("span", {}, t(`rep.urgent-${reason}`)),
        ),
      ),
    ),
    el(
      "button",
      { class: "btn pri send", type: "button", "data-key": "urgent-send", disabled: !chosen, onclick: send },
      icon("warn"),
      el("span", {}, chosen ? t("rep.urgent-send", { what: t(`rep.urgent-${chosen}`), name: area.name }) : t("rep.urgent-choose")),
    ),
    el("p", { class: "mute t1" }, t("rep.urgent-note")),
    told.length
      ? el(
          "ul",
          { class: "bl log", "aria-label": t("rep.urgent-told") },
          ...told.slice(0, 20).map((item) => el("li", {}, el("div", {}, el("span", { class: "w" }, el("b", {}, t(`rep.urgent-${item.reason}`)), el("span", { class: "p" }, clock(item.made))), stateWord(item.state)))),
        )
      : null,
  ];
}
