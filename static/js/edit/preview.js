// Asks the server what a drawing would do: at most one question on the way, the latest always wins. Between two
// questions it waits in proportion to how long the answer took, so that twenty who draw at once leave each other room.

const SLOW_MS = 150,
  STUCK_MS = 1000,
  LEAST_MS = 125, // nobody reads numbers that change faster
  MOST_MS = 400,
  WAIT = 3; // times as long as the answer took

/** Owns the question on the way. Verbs: ask, settle, drop. Tells `onAnswer`, `onRefusal`, `onSlow`. */
export class Preview {
  /** the form whose answer is shown, else null */
  form = null;
  answer = null;
  /** the form that met somebody else's edit on the same ground, else null: saving it asks whose line shall stand */
  stale = null;
  /** the form whose question a cut line swallowed, else null: it is asked again when the line is back, or somebody saves */
  cut = null;
  #next = null;
  #busy = null;
  #controller = null;
  #hurried = false; // somebody waits for the last answer
  #go = null; // ends the pause

  /**
   * @param {(form: object, signal: AbortSignal) => Promise<object>} send
   * @param {{onAnswer: (answer: object, form: object) => void, onRefusal: (error: Error, form: object) => void,
   *   onSlow?: (stage: "slow" | "stuck") => void}} told
   */
  constructor(send, told) {
    this.send = send;
    this.told = told;
    addEventListener("weige:back", () => this.cut && this.ask(this.cut));
  }

  /** @param {object} form */
  ask(form) {
    this.#next = form;
    this.cut = null;
    this.#busy ??= this.#run();
  }

  async #run() {
    while (this.#next) {
      const form = this.#next,
        began = performance.now();
      this.#next = null;
      this.#controller = new AbortController();
      const timers = [
        setTimeout(() => this.told.onSlow?.("slow"), SLOW_MS),
        setTimeout(() => this.told.onSlow?.("stuck"), STUCK_MS),
      ];
      try {
        const answer = await this.send(form, this.#controller.signal);
        this.form = form;
        this.answer = answer;
        this.stale = null;
        this.told.onAnswer(answer, form);
      } catch (error) {
        if (error.name !== "AbortError") {
          this.form = this.answer = null;
          this.stale = error.code === "stale" ? form : null;
          this.cut = error.code === "offline" ? form : null;
          this.told.onRefusal(error, form);
        }
      } finally {
        timers.forEach(clearTimeout);
      }
      const took = performance.now() - began;
      if (!this.#hurried) await new Promise((go) => this.#pause(go, Math.min(MOST_MS, Math.max(LEAST_MS, WAIT * took))));
    }
    this.#busy = null;
  }

  /** Resolves when no question is on the way any more. */
  async settle() {
    this.#hurried = true;
    if (this.cut) this.ask(this.cut);
    this.#go?.();
    while (this.#busy) await this.#busy;
    this.#hurried = false;
  }

  #pause(go, ms) {
    const timer = setTimeout(go, ms);
    this.#go = () => {
      clearTimeout(timer);
      go();
    };
  }

  /** Forgets question and answer. */
  drop() {
    this.#next = null;
    this.#controller?.abort();
    this.form = this.answer = this.stale = this.cut = null;
  }
}
