// Asks the server what a drawing would do: at most one question on the way, the latest always wins.

const SLOW_MS = 150,
  STUCK_MS = 1000;

/** Owns the question on the way. Verbs: ask, settle, drop. Tells `onAnswer`, `onRefusal`, `onSlow`. */
export class Preview {
  /** the form whose answer is shown, else null */
  form = null;
  answer = null;
  /** the form that met somebody else's edit on the same ground, else null: saving it asks whose line shall stand */
  stale = null;
  #next = null;
  #busy = null;
  #controller = null;

  /**
   * @param {(form: object, signal: AbortSignal) => Promise<object>} send
   * @param {{onAnswer: (answer: object, form: object) => void, onRefusal: (error: Error, form: object) => void,
   *   onSlow?: (stage: "slow" | "stuck") => void}} told
   */
  constructor(send, told) {
    this.send = send;
    this.told = told;
  }

  /** @param {object} form */
  ask(form) {
    this.#next = form;
    this.#busy ??= this.#run();
  }

  async #run() {
    while (this.#next) {
      const form = this.#next;
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
          this.told.onRefusal(error, form);
        }
      } finally {
        timers.forEach(clearTimeout);
      }
    }
    this.#busy = null;
  }

  /** Resolves when no question is on the way any more. */
  async settle() {
    while (this.#busy) await this.#busy;
  }

  /** Forgets question and answer. */
  drop() {
    this.#next = null;
    this.#controller?.abort();
    this.form = this.answer = this.stale = null;
  }
}
