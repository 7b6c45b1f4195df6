// What cannot wait, in two taps: what, then send. The place is the area one works in, never the phone's position. Each counts
// as one open request of the area until somebody says it is settled.
import { boot } from "../data/boot.js";
import { t } from "../data/i18n.js";
import { page } from "../data/page.js";
import { el } from "../ui/dom.js";
import { icon } from "../ui/icon.js";
import { say } from "../ui/say.js";
import { phone } from "./phone.js";
import { clock, stateWord } from "./words.js";

const OTHER = { id: "other" };
const LOOKS = { asked_medical: "help", asked_supplies: "box", asked_queue: "people" };
const SHOWN = 20;

/** The words of a reason; "other" is ours, the rest stand in the settings. @param {string} id */
export function reasonWord(id) {
  const found = boot.urgent.find((one) => one.id === id);
  return found ? found[boot.lang === "zh" ? "zh" : "en"] : t("rep.urgent-other");
}

function row(area, item, settled) {
  const open = item.step > 0 && !settled.has(item.id);
  return el(
    "li",
    {},
    el(
      "div",
      {},
      el("span", { class: "w" }, el("b", {}, item.step > 0 ? reasonWord(item.reason) : t("rep.urgent-done", { what: reasonWord(item.reason) })), el("span", { class: "p" }, clock(item.made))),
      stateWord(item.state),
    ),
    open && item.state !== "refused"
      ? el("div", { class: "acts" }, el("button", { class: "btn", type: "button", "data-key": `settle-${item.id}`, onclick: () => phone.urgent(area, item.reason, item.id) }, icon("ok", "s"), t("rep.urgent-settled")))
      : null,
  );
}

/** What was told of the area before. @param {object} area */
export function toldBefore(area) {
  const told = [...phone.items.values()].filter((item) => item.reason && item.body.area === area.code).sort((one, other) => other.made - one.made);
  const settled = new Set(told.map((item) => item.settles).filter(Boolean));
  return told.length ? [el("ul", { class: "bl log", "aria-label": t("rep.urgent-told") }, ...told.slice(0, SHOWN).map((item) => row(area, item, settled)))] : [];
}

/** The keys. @param {object} area */
export function urgent(area) {
  const chosen = page.reason;
  const send = async () => {
    page.set({ reason: null });
    await phone.urgent(area, chosen);
    say.now(`${reasonWord(chosen)}: ${t("rep.phone")}`);
  };
  return [
    el("h2", { class: "lead", id: "pad-title" }, t("rep.urgent-what")),
    el("p", { class: "mute t1" }, t("rep.urgent-note")),
    el(
      "div",
      { class: "reasons", role: "group", "aria-labelledby": "pad-title" },
      ...[...boot.urgent, OTHER].map(({ id }) =>
        el(
          "button",
          { class: "btn", type: "button", "data-key": `reason-${id}`, "aria-pressed": String(id === chosen), onclick: () => page.set({ reason: id === chosen ? null : id }) },
          icon(LOOKS[id] ?? "warn"),
          el("span", {}, reasonWord(id)),
        ),
      ),
    ),
    el(
      "button",
      { class: "btn pri send", type: "button", "data-key": "urgent-send", disabled: !chosen, onclick: send },
      icon("warn"),
      el("span", {}, chosen ? t("rep.urgent-send", { what: reasonWord(chosen), name: area.name }) : t("rep.urgent-choose")),
    ),
  ];
}
