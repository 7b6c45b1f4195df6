// Says when the server cannot be reached and since when; drawing goes on, saving waits until it is back.
import { boot } from "../data/boot.js";
import { t } from "../data/i18n.js";
import { page } from "../data/page.js";
import { icon } from "./icon.js";
import { say } from "./say.js";

const ASK_MS = 5000,
  BACK_MS = 4000;
const host = document.getElementById("live");

export function watchLive() {
  let timer = null;
  const ask = async () => {
    const answer = await fetch(boot.urls.health, { cache: "no-store" }).catch(() => null);
    if (answer) page.set({ offline: false });
  };
  page.on("offline", () => {
    clearInterval(timer);
    if (page.offline) {
      const moment = page.offline.toTimeString().slice(0, 5);
      host.replaceChildren(icon("offline", "s"), t("live.lost", { t: moment }));
      host.hidden = false;
      say.now(t("live.lost", { t: moment }));
      timer = setInterval(ask, ASK_MS);
      return;
    }
    host.replaceChildren(icon("ok", "s"), t("live.back"));
    say.politely(t("live.back"));
    setTimeout(() => {
      if (!page.offline) host.hidden = true;
    }, BACK_MS);
    dispatchEvent(new Event("weige:back"));
  });
  addEventListener("offline", () => page.set({ offline: page.offline || new Date() }));
  addEventListener("online", ask);
}
