// What the page shows now: tool, selection, level, metric, what is isolated, whether the server answers.
import { boot } from "./boot.js";

/** Owns the state of the page. `set` changes keys and tells their watchers once; nothing else may change it. */
class Page {
  #watchers = new Map();

  constructor(state) {
    Object.assign(this, state);
  }

  /** @param {Record<string, unknown>} changes */
  set(changes) {
    const changed = Object.keys(changes).filter((key) => this[key] !== changes[key]);
    for (const key of changed) this[key] = changes[key];
    const told = new Set();
    for (const key of changed) for (const watcher of this.#watchers.get(key) ?? []) told.add(watcher);
    for (const watcher of told) watcher(this);
  }

  /**
   * @param {string | string[]} keys
   * @param {(page: Page) => void} watcher
   */
  on(keys, watcher) {
    for (const key of [keys].flat()) {
      if (!this.#watchers.has(key)) this.#watchers.set(key, new Set());
      this.#watchers.get(key).add(watcher);
    }
  }
}

export const page = new Page({
  tool: "select",
  /** @type {Array<{fid: number, code: string, name: string, level: string}>} */
  selection: [],
  /** area one went into by double click; the breadcrumb starts there when nothing is selected */
  focus: null,
  level: boot.levels.at(-1)?.id,
  metric: boot.metrics[0]?.id ?? "households",
  /** class of the legend shown alone, else null */
  isolate: null,
  /** zone kind shown alone, else null */
  isolateZone: null,
  hidden: new Set(),
  /** zones that are not lifted, and those lifted today @type {object[] | null} */
  zones: null,
  /** the table of zones as GET /api/zones/summary gives it */
  zoneSums: null,
  rev: boot.rev,
  /** more of the smallest areas are in view than can be drawn upon */
  crowded: false,
  offline: false,
  /** why the store takes no changes now, else null */
  closed: null,
  singleKeys: true,
});
