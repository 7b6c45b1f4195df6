// Undo and redo: personal, kept by the server, so they survive a reload; redo is the undo of the undo.
import { api } from "../data/api.js";
import { boot } from "../data/boot.js";
import { t } from "../data/i18n.js";
import { places } from "../ui/places.js";

const CODES = 3;

/** @returns {string} "拆分 09-04" */
function nameOf(edit) {
  const codes = (edit.areas ?? []).slice(0, CODES).map(places.tail).join("、");
  return `${t(`op.${edit.op}`)} ${codes}`.trim();
}

/** Owns what can be taken back. Verbs: load, undo, redo. */
export class Journal {
  #undo = null;
  #redo = [];

  /** @param {(undo: string | null, redo: string | null) => void} tell names for the buttons */
  constructor(tell) {
    this.tell = tell;
  }

  async load() {
    const told = await api.get(boot.urls.edits, { query: { mine: true, limit: 1 } }).catch(() => null);
    if (!told) return;
    this.#undo = told.edits[0] ?? null;
    this.#show();
  }

  #show() {
    this.tell(this.#undo && nameOf(this.#undo), this.#redo.length ? this.#redo.at(-1).name : null);
  }

  /** A new edit ends the possibility to redo. */
  edited() {
    this.#redo = [];
    return this.load();
  }

  /** @returns {Promise<{answer: object, name: string} | null>} */
  async undo() {
    const edit = this.#undo;
    if (!edit) return null;
    const answer = await api.post(boot.urls.undo, { path: { rev: edit.rev }, body: {} });
    const name = nameOf(edit);
    this.#redo.push({ rev: answer.edit ?? answer.rev, name });
    await this.load();
    return { answer, name };
  }

  /** @returns {Promise<{answer: object, name: string} | null>} */
  async redo() {
    const last = this.#redo.at(-1);
    if (!last) return null;
    const answer = await api.post(boot.urls.undo, { path: { rev: last.rev }, body: {} });
    this.#redo.pop();
    await this.load();
    return { answer, name: last.name };
  }
}
