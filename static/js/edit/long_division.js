// A division that takes long is searched by the server as a job: followed here, stopped here, found again after a reload.
import { ApiError, api } from "../data/api.js";
import { boot } from "../data/boot.js";
import { jobRow } from "../ui/job_row.js";

const ASK_MS = 400, // nothing is shown before
  KEPT = "weige.division";

const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function keep(asked) {
  if (asked) sessionStorage.setItem(KEPT, JSON.stringify(asked));
  else sessionStorage.removeItem(KEPT);
}

/** Looks after a job until it is over. @returns {Promise<object>} as GET /api/divisions/{id} tells it */
async function follow(id, { stopped = () => false, onProgress }) {
  for (;;) {
    await rest(ASK_MS);
    if (stopped()) return { state: "cancelled" };
    const told = await api.get(boot.urls.division, { path: { id } }).catch((error) => {
      if (error.code === "offline") return { state: "running", progress: null };
      throw error;
    });
    if (stopped() || !["queued", "running"].includes(told.state)) return stopped() ? { state: "cancelled" } : told;
    onProgress(told);
  }
}

const stop = (id) => api.delete(boot.urls.division, { path: { id } }).catch(() => null);

class Stopped extends Error {
  name = "AbortError";
}

export const longDivision = {
  /**
   * The preview of a division, however long it takes.
   * @param {object} form @param {AbortSignal} signal ends it on the server, too
   * @param {{name: string, page: object, onProgress: (told: object | null) => void}} how name: of the areas; page: what
   *   the tool needs to show it after a reload
   */
  async ask(form, signal, { name, page, onProgress }) {
    const told = await api.post(boot.urls.preview, { body: { ...form, later: true }, signal });
    if (!told.job) return told;
    keep({ id: told.job, name, page });
    const end = () => signal.aborted;
    let byHand = false;
    const halt = () => {
      byHand = true;
      jobRow.hide();
      stop(told.job);
    };
    const show = (now) => {
      onProgress({ ...now, stop: halt });
      jobRow.show({ name, progress: now.progress, rest_s: now.rest_s, stop: halt });
    };
    try {
      const done = await follow(told.job, { stopped: () => end() || byHand, onProgress: show });
      if (end()) stop(told.job);
      if (byHand || end()) throw new Stopped(); // stopped by an earlier question of this page: it is asked again
      if (done.state === "failed") throw new ApiError(422, { ...done.details, code: done.code, detail: done.text });
    } finally {
      keep(null);
      jobRow.hide();
      onProgress(null);
    }
    return longDivision.ask(form, signal, { name, page, onProgress });
  },

  /** After a reload: a division that was being searched goes on in the foot. @param {(page: object) => void} back opens the tool again */
  async again(back) {
    const asked = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
    if (!asked) return;
    let over = false;
    const leave = () => {
      over = true;
      keep(null);
      jobRow.hide();
    };
    const halt = () => {
      leave();
      stop(asked.id);
    };
    const open = () => {
      leave();
      back(asked.page);
    };
    const show = (told) => jobRow.show({ name: asked.name, progress: told.progress, rest_s: told.rest_s, stop: halt, open });
    try {
      const told = await follow(asked.id, { stopped: () => over, onProgress: show });
      if (over) return;
      if (told.state === "done") jobRow.show({ name: asked.name, done: true, stop: leave, open });
      else leave();
    } catch {
      leave();
    }
  },
};
