// One line that is always there: what is still on this phone, what the server has, and what stands in the way.
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { page } from "../data/page.js";
import { el } from "../ui/dom.js";
import { icon } from "../ui/icon.js";
import { exportWaiting } from "./log.js";
import { phone } from "./phone.js";
import { askAgain } from "./session.js";

const act = (key, words, onclick) => el("button", { class: "btn", type: "button", "data-key": `sync-${key}`, onclick }, words);

/** @returns {[string, string, Array<Node | string>]} tone, icon, content */
function said() {
  const waiting = phone.waiting.length,
    overdue = phone.overdue.length;
  if (page.broken) return ["bad", "bad", [el("b", {}, t("rep.no-storage"))]];
  if (page.signedOut) return ["warn", "lock", [el("b", {}, t(waiting ? "rep.signed-out-waiting" : "rep.signed-out", { n: waiting, count: waiting })), act("sign-in", t("sign-in.go"), askAgain)]];
  if (overdue) return ["bad", "bad", [el("b", {}, t("rep.overdue", { n: overdue, count: overdue })), act("export", t("rep.export"), exportWaiting)]];
  if (waiting) {
    const told = page.offline ? "rep.queue-offline" : page.trouble ? "rep.queue-trouble" : "rep.queue";
    return ["stale", "phone", [el("b", {}, t("rep.on-phone", { n: waiting, count: waiting })), el("span", {}, page.trouble && !page.offline ? `${t(told)} ${page.trouble.text}` : t(told))]];
  }
  if (page.offline) return ["stale", "offline", [el("span", {}, t("rep.offline"))]];
  return ["", "ok", [el("span", {}, t("rep.none-waiting"))]];
}

/** Fills the line. @param {HTMLElement} host */
export function syncLine(host) {
  const [tone, name, content] = said();
  const refused = phone.refused.length;
  host.dataset.received = phone.received;
  return [
    icon(name),
    el("div", { class: `told ${tone}` }, ...content),
    refused
      ? el("button", { class: "btn chip bad", type: "button", "data-key": "refused", onclick: () => page.set({ tab: "log" }) }, icon("bad", "s"), t("rep.n-refused", { n: refused, count: refused }))
      : phone.received && !content.some((part) => part.tagName === "BUTTON")
        ? el("span", { class: "chip ok" }, icon("ok", "s"), t("rep.n-received", { n: format.number(phone.received) }))
        : null,
  ];
}
