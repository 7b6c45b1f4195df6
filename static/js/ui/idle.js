// Two minutes before a session ends for want of work the page says so; one key keeps it. Other pages of the same
// browser share the session: before anything is said, the server is asked.
import { api } from "../data/api.js";
import { boot } from "../data/boot.js";
import { t } from "../data/i18n.js";
import { dialog } from "./dialog.js";
import { el } from "./dom.js";
import { say } from "./say.js";

const ASK_MS = 60_000, // tells the server that somebody works, and notices a session that was ended elsewhere
  LOOK_MS = 1000,
  WARNED_ASK_MS = 10_000;
let endsAt = Infinity,
  warn = 0,
  asking = null,
  asked = Date.now(),
  /** the dialog that stands open */
  shown = null,
  /** the end of the day was told once; work does not put it off */
  told = false;

function take({ left_s: left, warn_s: ahead, can_stay: canStay }) {
  endsAt = left === null ? Infinity : Date.now() + left * 1000;
  warn = ahead * 1000;
  if (left === null || left > ahead) told = false;
  return { left: left ?? Infinity, canStay };
}

/** How long the session lasts; signs in again first when it is over. */
function ask() {
  asked = Date.now();
  asking ??= api
    .get(boot.urls.session)
    .then(take)
    .catch(() => ({ left: Infinity, canStay: true }))
    .finally(() => {
      asking = null;
    });
  return asking;
}

const clock = (ms) => {
  const seconds = Math.max(0, Math.round(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
};

function show(canStay) {
  const left = el("b", { class: "num", role: "timer", "aria-live": "off" });
  const stay = async () => {
    const now = await ask();
    if (now.left * 1000 > warn) shut();
  };
  const { node, shut, closed } = dialog({
    title: t("idle.title"),
    closable: !canStay,
    body: [
      el("p", {}, t(canStay ? "idle.soon" : "idle.day-over"), " ", left),
      el("p", { class: "hint" }, t("sign-in.kept-too")),
    ],
    actions: [
      canStay
        ? el("button", { class: "btn pri", type: "button", "data-key": "stay", onclick: stay }, t("idle.stay"))
        : el("button", { class: "btn pri", type: "button", onclick: () => shut() }, t("act.ok")),
    ],
  });
  node.querySelector(".act .btn").focus();
  say.now(t(canStay ? "idle.soon" : "idle.day-over"));
  const tick = () => {
    left.textContent = clock(endsAt - Date.now());
  };
  tick();
  closed.then(() => {
    shown = null;
    told = !canStay;
  });
  return { tick, shut };
}

async function look() {
  if (endsAt <= Date.now()) {
    shown?.shut();
    await ask();
    return;
  }
  if (Date.now() - asked > (shown ? WARNED_ASK_MS : ASK_MS)) await ask();
  shown?.tick();
  if (shown && endsAt - Date.now() > warn) shown.shut();
  if (shown || told || endsAt - Date.now() > warn) return;
  const now = await ask();
  if (!shown && now.left > 0 && now.left * 1000 <= warn) shown = show(now.canStay);
}

/** Begins to watch; `boot.session` says how long the session lasts from now. */
export function watchIdle() {
  take(boot.session);
  let looking = false;
  const once = async () => {
    if (looking) return;
    looking = true;
    await look().finally(() => {
      looking = false;
    });
  };
  setInterval(once, LOOK_MS);
  document.addEventListener("visibilitychange", () => document.hidden || once());
}
