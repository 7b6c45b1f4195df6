// Sends what waits: in batches, once at a time over all tabs, again and again until the server says it has it.
import { boot } from "../data/boot.js";
import { page } from "../data/page.js";
import { line } from "./line.js";
import { phone } from "./phone.js";
import { store } from "./store.js";

const BATCH = 200,
  FIRST_MS = 1000,
  MOST_MS = 60_000,
  BACK_MS = 3000, // all phones of a street come back at the same moment: each waits its own part of this
  LOCK = "weige-report-send";

/** Owns the one timer and the count of failures. Public: start, soon, back, now. */
class Sender {
  #timer = null;
  #due = Infinity;
  #busy = false;
  #failures = 0;

  start() {
    phone.wake = () => this.soon();
    addEventListener("online", () => this.back());
    document.addEventListener("visibilitychange", () => document.hidden || this.soon(Math.random() * FIRST_MS));
    this.soon(Math.random() * FIRST_MS);
  }

  /** @param {number} [ms] at the latest after so long; without it when the first report is ready */
  soon(ms) {
    if (this.#failures && ms === undefined) return; // the next try is set already
    const first = phone.waiting[0];
    const wait = ms ?? (first ? Math.max(0, first.ready - Date.now()) + 30 : Infinity);
    if (wait === Infinity || Date.now() + wait >= this.#due) return;
    clearTimeout(this.#timer);
    this.#due = Date.now() + wait;
    this.#timer = setTimeout(() => this.now(), wait);
  }

  /** The line is whole again. */
  back() {
    if (this.#busy) return;
    this.#failures = 0;
    this.#due = Infinity;
    this.soon(Math.random() * BACK_MS);
  }

  /** Tries at once. */
  async now() {
    clearTimeout(this.#timer);
    this.#due = Infinity;
    if (this.#busy || page.signedOut) return;
    this.#busy = true;
    try {
      if (navigator.locks) await navigator.locks.request(LOCK, { ifAvailable: true }, (lock) => (lock ? this.#send() : null));
      else await this.#send();
      this.#failures = 0;
      page.set({ trouble: null });
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#busy = false;
    }
    if (this.#failures) return;
    if (phone.waiting.length) this.soon(Math.max(50, phone.waiting[0].ready - Date.now()));
  }

  #failed(error) {
    if (error.status === 401) {
      this.#failures = 0;
      page.set({ signedOut: true });
      return;
    }
    this.#failures += 1;
    page.set({ trouble: error.status ? error : null });
    const wait = Math.min(MOST_MS, FIRST_MS * 2 ** (this.#failures - 1));
    this.soon((error.after ?? 0) + wait * (0.5 + Math.random() / 2));
  }

  async #send() {
    const now = Date.now();
    const ready = phone.waiting.filter((item) => item.sealed || item.ready <= now);
    for (const item of ready.filter((one) => one.kind === "presence")) await this.#presence(item);
    const reports = ready.filter((one) => one.kind === "report");
    for (let from = 0; from < reports.length; from += BATCH) await this.#reports(reports.slice(from, from + BATCH));
    if (ready.length) {
      await store.tidy(phone.account);
      page.set({ sentAt: new Date() });
    }
  }

  /** Nobody changes them any more; "sent" until the server answers, "phone" again when it does not. */
  async #away(items) {
    const taken = await store.take(
      items.map((item) => item.id),
      (item) => (item.state === "received" || item.state === "refused" ? null : { ...item, state: "sent", sealed: true, tries: item.tries + 1 }),
    );
    for (const item of taken) phone.items.set(item.id, item);
    phone.changed();
    return taken;
  }

  async #reports(items) {
    const taken = await this.#away(items);
    if (!taken.length) return;
    let told;
    try {
      told = await line.post(boot.urls.reports, { reports: taken.map((item) => item.body) });
    } catch (error) {
      await phone.update(taken.map((item) => ({ ...item, state: "phone" })));
      if (!final(error, "report")) throw error;
      if (taken.length > 1) {
        // One of them makes the server refuse all: each goes alone, and the one is found.
        for (const item of taken) await this.#reports([item]);
      } else await phone.update([refusal(taken[0], error)]);
      return;
    }
    const refused = new Map(told.rejected.map((one) => [one.index, one]));
    await phone.update(taken.map((item, index) => (refused.has(index) ? refusal(item, refused.get(index)) : received(item))));
    if (told.moved?.length || phone.round === null) page.set({ stale: true });
  }

  async #presence(item) {
    const [taken] = await this.#away([item]);
    if (!taken) return;
    try {
      await line.post(boot.urls.post_presence, taken.body, { id: taken.post });
    } catch (error) {
      const over = final(error, "presence");
      await phone.update([over ? refusal(taken, error) : { ...taken, state: "phone" }]);
      if (!over) throw error;
      return;
    }
    await phone.update([received(taken)]);
    page.set({ stale: true });
  }
}

/** Refusals that the same words would meet again; anything else is tried until it works. */
const FINAL = { report: [400, 409, 413, 422], presence: [400, 403, 404, 409, 413, 422] };
const final = (error, kind) => FINAL[kind].includes(error.status);

const received = (item) => ({ ...item, state: "received", received: Date.now(), code: null, text: null });
const refusal = (item, { code, text, message }) => ({ ...item, state: "refused", code, text: text ?? message ?? code });

export const sender = new Sender();
