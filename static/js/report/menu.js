// The menu of the phone page: other areas, language, light or dark, keys on the other side, sign out.
import { boot } from "../data/boot.js";
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { page } from "../data/page.js";
import { dialog } from "../ui/dialog.js";
import { el } from "../ui/dom.js";
import { icon } from "../ui/icon.js";
import { theme } from "../ui/theme.js";
import { exportWaiting } from "./log.js";
import { phone } from "./phone.js";
import { progress } from "./places.js";
import { signOut } from "./session.js";

const HAND = "weige.report.hand",
  AREA = "weige.report.area";

const kept = (name) => {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
};
const keep = (name, value) => {
  try {
    localStorage.setItem(name, value);
  } catch {
    /* this page only */
  }
};

/** The side of the main key: "right" or "left". */
export function setHand(side = kept(HAND) ?? "left") {
  document.body.dataset.hand = side;
  keep(HAND, side);
}

/** The area one works in: the one chosen last, else the first. */
export const areaAtHand = () => phone.areas.find((area) => area.code === (page.area ?? kept(AREA))) ?? phone.areas[0] ?? null;

export function chooseArea() {
  const choose = (area) => {
    keep(AREA, area.code);
    page.set({ area: area.code, place: null, door: null, helping: false, reason: null });
    shut();
  };
  const now = areaAtHand();
  const row = (area) => {
    const { total, done } = progress(phone.places(area.code).map((place) => [place, phone.record(place.key)]));
    return el(
      "button",
      { class: "mi", type: "button", "aria-current": area === now ? "true" : null, onclick: () => choose(area) },
      el("b", {}, area.name || area.code),
      el("span", { class: "mute num" }, `${format.number(done)} / ${format.number(total)}`),
    );
  };
  const { shut } = dialog({ title: t("rep.my-areas"), body: [el("div", { class: "menu" }, ...phone.areas.map(row))] });
}

/** Reports still wait: they stay on the phone, but somebody should know. */
function leave() {
  const waiting = phone.waiting.length + phone.refused.length;
  if (!waiting) return signOut();
  const { shut } = dialog({
    title: t("rep.leave-title"),
    body: [el("p", {}, t("rep.leave-waiting", { n: waiting, count: waiting })), el("p", { class: "hint" }, t("rep.leave-note"))],
    actions: [
      el("button", { class: "btn", type: "button", onclick: exportWaiting }, t("rep.export")),
      el("button", { class: "btn", type: "button", "data-key": "leave", onclick: () => (shut(), signOut()) }, t("rep.leave")),
      el("button", { class: "btn pri", type: "button", onclick: () => shut() }, t("rep.stay")),
    ],
  });
  return undefined;
}

export function menu() {
  const item = (name, words, act, key) =>
    el("button", { class: "mi", type: "button", "data-key": key, onclick: () => (shut(), act()) }, icon(name), el("span", {}, words));
  const way = (name, words, href, more = {}) => el("a", { class: "mi", href, ...more }, icon(name), el("span", {}, words));
  const other = boot.lang === "zh" ? "en" : "zh";
  const dark = theme.now() === "dark";
  const left = document.body.dataset.hand === "left";
  const { can } = boot.account;
  const { shut } = dialog({
    title: boot.account.label || boot.account.name,
    body: [
      el(
        "div",
        { class: "menu" },
        phone.areas.length > 1 ? item("area", t("rep.my-areas"), chooseArea, "areas") : null,
        item("theme", t(dark ? "theme.light" : "theme.dark"), () => theme.set(dark ? "light" : "dark"), "theme"),
        item("swap", t(left ? "rep.hand-right" : "rep.hand-left"), () => setHand(left ? "right" : "left"), "hand"),
        way("book", t("language.other"), `${boot.urls.language.replace("{lang}", other)}?next=${encodeURIComponent(boot.urls.report_page)}`, { lang: other === "zh" ? "zh-CN" : "en", "data-key": "language" }),
        item("info", t("rep.first-title"), () => firstCard(), "help"),
        way("person", t("office.own_account"), boot.urls.account_page),
        can.see ? way("layers", t("office.map"), "/") : null,
        item("out", t("user.sign-out"), leave, "out"),
      ),
    ],
  });
}

/** The first visit: my grid, my round, and that it works without a network. */
export function firstCard() {
  const works = globalThis.isSecureContext && "serviceWorker" in navigator;
  const area = areaAtHand();
  const { node, shut } = dialog({
    title: t("rep.first-title"),
    body: [
      el(
        "ul",
        { class: "first" },
        el("li", {}, icon("area"), el("span", {}, t("rep.first-area", { name: area?.name || area?.code || t("value.unknown") }))),
        el("li", {}, icon("ok"), el("span", {}, t("rep.first-keys"))),
        el("li", {}, icon("phone"), el("span", {}, t("rep.first-words"))),
        el("li", {}, icon(works ? "cloud" : "warn"), el("span", {}, t(works ? "rep.first-offline" : "rep.first-online"))),
      ),
    ],
    actions: [el("button", { class: "btn pri", type: "button", "data-key": "seen", onclick: () => shut() }, t("rep.first-ok"))],
  });
  node.querySelector("[data-key=seen]").focus();
}
