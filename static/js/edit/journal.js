// Undo and redo: personal, kept by the server, so they survive a reload; redo is the undo of the undo.
import { api } from "../data/api.js";
import { boot } from "../data/boot.js";
import { mode } from "../data/mode.js";
import { editName } from "../ui/edit_name.js";
import { places } from "../ui/places.js";

/** Owns what can be taken back. Verbs: load, undo, redo. */
export class Journal {
  #undo = null;
  #redo = null;
  #last = null; // the last question: who waits for one before waits for this one, whose answer is newer
  #busy = Promise.resolve(); // what is on its way: a second Ctrl Z waits for the first, and for what was saved just now

  /** @param {(undo: string | null, redo: string | null) => void} tell names for the buttons */
  constructor(tell) {
    this.tell = tell;
    for (const moment of ["weige:notice", "focus"]) addEventListener(moment, () => this.load()); // others, another window
  }

  load() {
    const read = this.#load();
    this.#busy = Promise.all([this.#busy.catch(() => null), read]);
    return read;
  }

  #load() {
    const asked = api.get(boot.urls.edits, { query: { mine: true, limit: 1 } }).catch(() => null);
    const done = asked.then((told) => (done === this.#last ? this.#loaded(told) : this.#last));
    this.#last = done;
    return done;
  }

  #loaded(told) {
    if (!told) return;
    places.meet([told.undo, told.redo].flatMap((edit) => edit?.named ?? []));
    this.#undo = told.undo;
    this.#redo = told.redo;
    this.tell(this.#undo && editName.full(this.#undo), this.#redo && editName.full(this.#redo));
  }

  async #take(edit) {
    if (!edit) return null;
    if (mode.why()) throw Object.assign(new Error(mode.why()), { text: mode.why() });
    const answer = await api.post(boot.urls.undo, { path: { rev: edit.rev }, body: {} }).finally(() => this.#load());
    return { answer, name: editName.full(edit), op: `${edit.op} ${edit.note ?? ""}` };
  }

  #next(which) {
    const taken = this.#busy.catch(() => null).then(() => this.#take(which()));
    this.#busy = taken;
    return taken;
  }

  /** @returns {Promise<{answer: object, name: string, op: string} | null>} null when there is nothing to take back */
  undo() {
    return this.#next(() => this.#undo);
  }

  /** @returns {Promise<{answer: object, name: string} | null>} */
  redo() {
    return this.#next(() => this.#redo);
  }
}
