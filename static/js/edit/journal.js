// Undo and redo: personal, kept by the server, so they survive a reload; redo is the undo of the undo.
import { api } from "../data/api.js";
import { boot } from "../data/boot.js";
import { mode } from "../data/mode.js";
import { editName } from "../ui/edit_name.js";

/** Owns what can be taken back. Verbs: load, undo, redo. */
export class Journal {
  #undo = null;
  #redo = null;

  /** @param {(undo: string | null, redo: string | null) => void} tell names for the buttons */
  constructor(tell) {
    this.tell = tell;
  }

  async load() {
    const told = await api.get(boot.urls.edits, { query: { mine: true, limit: 1 } }).catch(() => null);
    if (!told) return;
    this.#undo = told.undo;
    this.#redo = told.redo;
    this.tell(this.#undo && editName.full(this.#undo), this.#redo && editName.full(this.#redo));
  }

  async #take(edit) {
    if (!edit) return null;
    if (mode.why()) throw Object.assign(new Error(mode.why()), { text: mode.why() });
    const answer = await api.post(boot.urls.undo, { path: { rev: edit.rev }, body: {} });
    await this.load();
    return { answer, name: editName.full(edit), op: `${edit.op} ${edit.note ?? ""}` };
  }

  /** @returns {Promise<{answer: object, name: string, op: string} | null>} null when there is nothing to take back */
  undo() {
    return this.#take(this.#undo);
  }

  /** @returns {Promise<{answer: object, name: string} | null>} */
  redo() {
    return this.#take(this.#redo);
  }
}
