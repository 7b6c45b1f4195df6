// The live word in the top bar: how long ago the server was heard; since when it is not; what was caught up after a cut.
// Drawing goes on without it, saving waits until it is back.
import { boot } from "../data/boot.js";
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { page } from "../data/page.js";
import { el } from "./dom.js";
import { icon } from "./icon.js";
import { say } from "./say.js";

const ASK_MS = 5000,
  BACK_MS = 4000,
  TICK_MS = 1000;
const host = document.getElementById("live");
host.setAttribute("aria-live", "off"); // it counts seconds: what matters is spoken once
const words = el("span", { class: "num" });
let shown = "",
  rereads = false,
  backUntil = 0,
  amberMs = Infinity;

const away = () => Boolean(page.offline) || page.stream === "lost";

/** [class, picture, words, title] of this moment. */
function now() {
  const heard = page.heard ?? new Date();
  if (away()) {
    const since = page.offline || heard;
    return ["lost", "offline", t("live.lost", { t: since.toTimeString().slice(0, 5) })];
  }
  if (rereads) return ["back", "clock", t("live.rereads")];
  if (Date.now() < backUntil)
    return ["back", "ok", page.caughtUp ? t("live.back-n", { n: page.caughtUp, count: page.caughtUp }) : t("live.back")];
  if (page.stream !== "live") return ["begins", null, t("live.begins")];
  if (Date.now() - heard > amberMs) return ["silent", "clock", t("live.silent", { t: heard.toTimeString().slice(0, 5) })];
  return ["on", null, t("live.now", { age: format.age((Date.now() - heard) / 1000) })];
}

function draw() {
  const [look, name, text] = now();
  if (look !== shown) host.className = `live ${look}`;
  if (look !== shown) host.replaceChildren(name ? icon(name, "s") : el("span", { class: "dot", "aria-hidden": "true" }), words);
  shown = look;
  words.textContent = text;
  host.title = text;
  host.hidden = false;
}

/** Begins; asks whether the server is there while it is not. @param {{amberMs?: number}} [options] a line silent for longer is told */
export function watchLive(options = {}) {
  amberMs = options.amberMs ?? Infinity;
  let timer = null,
    was = false;
  const ask = async () => {
    const answer = await fetch(boot.urls.health, { cache: "no-store" }).catch(() => null);
    if (answer) page.set({ offline: false });
  };
  const changed = () => {
    const lost = away();
    if (lost !== was) {
      was = lost;
      clearInterval(timer);
      if (lost) {
        timer = setInterval(ask, ASK_MS);
        say.now(now()[2]);
      } else {
        backUntil = Date.now() + BACK_MS;
        setTimeout(() => say.politely(now()[2]), 1000); // what was missed has come by then
        setTimeout(draw, BACK_MS + 50);
      }
    }
    draw();
  };
  page.on(["offline", "stream"], changed);
  page.on("offline", () => page.offline || dispatchEvent(new Event("weige:back")));
  page.on(["heard", "caughtUp"], draw);
  setInterval(draw, TICK_MS);
  addEventListener("offline", () => page.set({ offline: page.offline || new Date() }));
  addEventListener("online", ask);
}

/** Everything is being read anew, because too much was missed. @param {Promise<unknown>} work */
export function showReread(work) {
  rereads = true;
  draw();
  const done = () => {
    rereads = false;
    draw();
  };
  work.then(done, done);
}
