// The live stream: what others change comes by itself. After a cut it goes on where it stopped, nothing lost or doubled.
import { api } from "./api.js";
import { boot } from "./boot.js";
import { mode } from "./mode.js";
import { page } from "./page.js";

const LOST_MS = 6000, // without a connection for so long: the page says so
  SILENT_MS = 40_000, // the server says something every 8 s: a connection that is silent for so long is dead
  HIDDEN_MS = 60_000, // a page nobody sees gives its connection back: browsers have six for all pages of a server
  GATHER_MS = 80, // events of one message are told together
  AGAIN_MS = [1000, 5000];

/** Everybody comes back at another moment. */
const soon = () => AGAIN_MS[0] + Math.random() * (AGAIN_MS[1] - AGAIN_MS[0]);

/** Owns the connection. Verbs: start. `page.stream` is "begins", "live", "lost" or "rests"; `page.heard` the time of the last word. */
export class Live {
  #source = null;
  #seq = boot.seq;
  #lost = null;
  #edits = [];
  #late = 0;
  #rest = null;
  #asked = 0;

  /**
   * @param {{edits: (edits: object[]) => void, reset: () => void, notice: (data: object) => void,
   *   who: (who: object[]) => void, status?: (change: object) => void}} tell reset: everything must be read anew
   */
  constructor(tell) {
    this.tell = tell;
    page.set({ stream: "begins", heard: new Date(), caughtUp: 0 });
  }

  start() {
    this.#open();
    setInterval(() => {
      if (this.#source && Date.now() - Math.max(page.heard, this.#asked) > SILENT_MS) this.#again();
    }, 5000);
    addEventListener("online", () => page.stream === "lost" && this.#again());
    document.addEventListener("visibilitychange", () => {
      clearTimeout(this.#rest);
      if (document.hidden) this.#rest = setTimeout(() => this.#pause(), HIDDEN_MS);
      else if (page.stream === "rests") this.#again();
    });
    return this;
  }

  #open() {
    this.#asked = Date.now();
    const source = (this.#source = new EventSource(`${boot.urls.live}?since=${this.#seq}`));
    const on = (kind, take) =>
      source.addEventListener(kind, (event) => {
        if (source !== this.#source) return;
        this.#seq = Math.max(this.#seq, Number(event.lastEventId) || 0);
        page.set({ heard: new Date() });
        take(JSON.parse(event.data));
      });
    source.addEventListener("open", () => this.#opened(source));
    source.addEventListener("error", () => this.#broken(source));
    on("edit", (edit) => this.#gather(edit));
    on("status", (data) => {
      if (data.late) page.set({ caughtUp: ++this.#late });
      this.tell.status?.(data);
    });
    on("notice", (data) => this.tell.notice(data));
    on("mode", (data) => mode.take(data));
    on("presence", ({ who }) => this.tell.who(who));
    on("reset", ({ seq }) => {
      this.#seq = seq;
      this.#edits = [];
      this.tell.reset();
    });
  }

  #opened(source) {
    if (source !== this.#source) return;
    clearTimeout(this.#lost);
    this.#lost = null;
    this.#late = 0;
    page.set({ heard: new Date(), caughtUp: 0 });
    page.set({ stream: "live", offline: false });
  }

  #broken(source) {
    if (source !== this.#source) return;
    this.#lost ??= setTimeout(() => page.set({ stream: "lost" }), LOST_MS);
    if (source.readyState !== EventSource.CLOSED) return; // the browser comes back by itself
    this.#source = null;
    // Refused: the session may be over (the question below then asks for the password), or there is no room now.
    setTimeout(() => {
      api
        .get(boot.urls.session)
        .catch(() => null)
        .then(() => this.#source || page.stream === "rests" || this.#open());
    }, soon());
  }

  #again() {
    this.#source?.close();
    this.#open();
  }

  #pause() {
    this.#source?.close();
    this.#source = null;
    clearTimeout(this.#lost);
    this.#lost = null;
    page.set({ stream: "rests" });
  }

  #gather(edit) {
    if (edit.late) page.set({ caughtUp: ++this.#late });
    if (!this.#edits.length) setTimeout(() => this.tell.edits(this.#edits.splice(0)), GATHER_MS);
    this.#edits.push(edit);
  }
}
