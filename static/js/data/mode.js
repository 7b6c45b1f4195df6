// Whether the store takes changes now, and why not: `page.closed` holds what the server said, null when it takes them.
import { api } from "./api.js";
import { boot } from "./boot.js";
import { format } from "./format.js";
import { t } from "./i18n.js";
import { page } from "./page.js";

const ASK_MS = 15_000; // while closed: whether it is open again, should the live stream be away
let timer = null;

export const mode = {
  /** The reason as a sentence, null when changes are taken. @returns {string | null} */
  why() {
    if (!page.closed) return null;
    const { reason, note, at } = page.closed;
    const since = reason === "maintenance" && at ? t("mode.since", { t: format.time(at) }) : "";
    return [t(`mode.${reason}`), note, since].filter(Boolean).join(t("mode.join"));
  },

  /** @param {{mode: string, reason?: string, note?: string, at?: string}} told by GET /api/mode or the live stream */
  take(told) {
    page.set({ closed: told.mode === "read-only" ? { reason: "maintenance", ...told } : null });
  },

  ask: () => api.get(boot.urls.mode).then(mode.take, () => null),

  /** @param {boolean} closed @param {string} note */
  change: (closed, note) =>
    api.post(boot.urls.mode, { body: { mode: closed ? "read-only" : "normal", note } }).then(mode.take),
};

page.on("closed", () => {
  clearInterval(timer);
  if (page.closed) timer = setInterval(mode.ask, ASK_MS);
});
