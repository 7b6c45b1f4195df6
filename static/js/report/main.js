// Starts the phone page: what the phone kept is shown at once, then the server is asked; reports go out by themselves.
import { boot } from "../data/boot.js";
import { t } from "../data/i18n.js";
import { page } from "../data/page.js";
import { el } from "../ui/dom.js";
import { icon } from "../ui/icon.js";
import { line } from "./line.js";
import { log } from "./log.js";
import { areaAtHand, chooseArea, firstCard, menu, setHand } from "./menu.js";
import { pad } from "./pad.js";
import { phone } from "./phone.js";
import { postPad, posts } from "./posts.js";
import { renew } from "./renew.js";
import { sender } from "./sender.js";
import { forgetOthers, watchSession } from "./session.js";
import { survey } from "./survey.js";
import { syncLine } from "./sync_line.js";
import { toldBefore, urgent } from "./urgent.js";
import { clock } from "./words.js";

const TABS = { survey: "door", posts: "gate", urgent: "warn", log: "cloud" };
const READ_MS = 5 * 60_000, // the list of places is asked for so often, each phone at its own moment
  AGAIN_MS = 30_000, // and after a failure
  LOOK_MS = 60_000; // ages on the page
const part = (id) => document.getElementById(id);

// ---- drawing -----------------------------------------------------------------------------------------------------------
function due(round) {
  if (!round) return t("rep.no-round");
  const name = round.name && round.name !== round.id ? round.name : t(round.kind === "sampling" ? "rep.round-sampling" : "rep.round", { id: round.id });
  return round.due_at ? `${name} · ${t("rep.due", { time: clock(round.due_at) })}` : name;
}

function title(area) {
  const several = phone.areas.length > 1;
  const name = area?.name || area?.code || t("rep.title");
  return [
    el(
      "div",
      {},
      el(
        "h1",
        {},
        several ? el("button", { type: "button", "data-key": "area", "aria-haspopup": "dialog", onclick: chooseArea }, name, icon("down")) : name,
      ),
      el("p", {}, due(phone.work?.round)),
    ),
    el("button", { class: "btn icon quiet", type: "button", "data-key": "menu", "aria-label": t("rep.menu"), "aria-haspopup": "dialog", onclick: menu }, icon("menu")),
  ];
}

function tabs() {
  const waiting = phone.waiting.length + phone.refused.length;
  return Object.entries(TABS).map(([name, look]) =>
    el(
      "button",
      { type: "button", "data-key": `tab-${name}`, "aria-current": page.tab === name ? "page" : null, onclick: () => page.set({ tab: name, helping: false }) },
      icon(look),
      el("span", {}, t(`rep.tab-${name}`), name === "log" && waiting ? [" ", el("i", {}, waiting)] : null),
    ),
  );
}

function content(area) {
  if (page.tab === "log") return log();
  if (!phone.work) return [el("p", { class: "none" }, t(page.offline ? "rep.never-read" : "rep.reading"))];
  if (!area) return [el("p", { class: "none" }, t("rep.no-area"))];
  if (!area.buildings && page.tab === "survey") return readArea(area);
  return { survey, posts, urgent: toldBefore }[page.tab](area);
}

/** What is pressed: always in the lower half. */
function keys(area) {
  if (!phone.work || !area || page.tab === "log" || (page.tab === "survey" && !area.buildings)) return [];
  return { survey: pad, posts: postPad, urgent }[page.tab](area);
}

function draw() {
  const area = areaAtHand();
  const pressed = keys(area);
  renew(part("title"), title(area));
  const told = syncLine(part("sync")).filter(Boolean);
  const same = told.length === part("sync").childElementCount && told.every((node, at) => node.isEqualNode(part("sync").children[at]));
  if (!same) renew(part("sync"), told); // a reader is told of what changed, not of every tap
  renew(part("content"), content(area));
  part("pad").hidden = !pressed.length;
  renew(part("pad"), pressed);
  renew(part("tabs"), tabs());
  document.body.dataset.tab = page.tab;
  show();
}

/** The row that was chosen, and the door at hand, come into sight; nothing else scrolls by itself. */
function show() {
  const key = page.shown;
  if (key) {
    page.shown = null;
    part("content").querySelector(`[data-key="${CSS.escape(key)}"]`)?.scrollIntoView({ block: "nearest" });
    if (getComputedStyle(document.body).overflowY !== "hidden") part("pad").scrollIntoView({ block: "nearest" });
  }
  const here = part("pad").querySelector(".door[aria-current]"),
    doors = here?.parentElement;
  if (!doors) return;
  const { top, bottom } = here.getBoundingClientRect(),
    frame = doors.getBoundingClientRect();
  if (top < frame.top) doors.scrollTop -= frame.top - top + 4;
  else if (bottom > frame.bottom) doors.scrollTop += bottom - frame.bottom + 4;
}

let drawing = false;
function drawSoon() {
  if (drawing) return;
  drawing = true;
  queueMicrotask(() => {
    drawing = false;
    draw();
  });
}

// ---- the list of places ------------------------------------------------------------------------------------------------
let reading = null,
  timer = null;

async function read() {
  clearTimeout(timer);
  let next = READ_MS;
  if (!page.signedOut)
    try {
      await phone.take(await line.get(boot.urls.report_work));
      page.set({ stale: false });
    } catch (error) {
      if (error.status === 401) page.set({ signedOut: true });
      else next = AGAIN_MS;
    }
  clearTimeout(timer);
  timer = setTimeout(reread, next * (0.75 + Math.random() / 2));
}

/** One question at a time. */
function reread() {
  reading ??= read().finally(() => {
    reading = null;
  });
  return reading;
}

/** Where there are many areas, the buildings of one are asked for when it is chosen. */
let wanted = null;
function readArea(area) {
  if (wanted !== area.code && !page.offline) {
    wanted = area.code;
    line.get(`${boot.urls.report_work}?area=${encodeURIComponent(area.code)}`).then(
      ({ areas }) => Promise.all(areas.map((one) => phone.takeArea(one))),
      () => {
        wanted = null;
      },
    );
  }
  return [el("p", { class: "none" }, t(page.offline ? "rep.never-read" : "rep.reading"))];
}

// ---- start -------------------------------------------------------------------------------------------------------------
function install() {
  if (!("serviceWorker" in navigator) || !globalThis.isSecureContext) return;
  navigator.serviceWorker.register(boot.urls.report_worker, { scope: boot.urls.report_page }).then(
    async () => {
      await navigator.serviceWorker.ready;
      document.body.dataset.offline = "true"; // from now on the page starts without a network
    },
    () => {},
  );
}

function firstVisit() {
  const key = "weige.report.seen";
  try {
    if (localStorage.getItem(key) === boot.account.name) return;
    localStorage.setItem(key, boot.account.name);
  } catch {
    return;
  }
  firstCard();
}

async function start() {
  page.set({ tab: "survey", place: null, door: null, post: null, offline: navigator.onLine ? false : new Date() });
  setHand();
  page.on(["turn", "tab", "area", "place", "door", "helping", "post", "present", "reason", "offline", "signedOut", "trouble", "broken"], drawSoon);
  watchSession();
  await forgetOthers();
  try {
    await phone.start();
  } catch {
    page.set({ broken: true });
  }
  draw();
  install();
  sender.start();
  page.on("signedOut", () => page.signedOut || (sender.soon(0), reread()));
  page.on("stale", () => page.stale && reread());
  page.on("offline", () => {
    if (page.offline) return;
    sender.back();
    if (!phone.work) reread();
  });
  document.addEventListener("visibilitychange", () => document.hidden || (drawSoon(), page.stale && reread()));
  navigator.storage?.persist?.().catch(() => {});
  setInterval(drawSoon, LOOK_MS);
  await reread();
  document.body.dataset.ready = "true";
  if (phone.work) firstVisit();
}

start();
