// The tree of levels: which is shown at which zoom, and what lies above and below. A level comes with its first area.
import { api } from "./api.js";
import { boot } from "./boot.js";

const ids = boot.levels.map((level) => level.id);
const finer = boot.map.finer ?? 0; // a page that only looks shows smaller areas: those of so many zooms deeper
let deepestZoom = 22;

export const levels = {
  /** top to bottom */
  ids,
  get deepest() {
    return ids.at(-1);
  },
  /** @param {number} zoom @returns {string} level drawn at that zoom */
  at: (zoom) => boot.map.level_by_zoom[String(Math.max(0, Math.min(deepestZoom, Math.floor(zoom) + finer)))] ?? ids.at(-1),
  /** Tiles end at this zoom; beyond it the last level stays. @param {number} zoom */
  cap(zoom) {
    deepestZoom = zoom;
  },
  /** @param {string} level @returns {number} 0 = top */
  depth: (level) => ids.indexOf(level),
  /** @param {string} level @returns {[number, number] | null} zooms (from, to) at which the level is drawn */
  zooms(level) {
    const shown = Object.entries(boot.map.level_by_zoom)
      .filter(([, id]) => id === level)
      .map(([zoom]) => Math.max(0, Number(zoom) - finer));
    return shown.length ? [Math.min(...shown), Math.max(...shown) + 1] : null;
  },
  /** @param {string} level @returns {Array<{id: string, zh: string, en: string}>} levels an area of it can be divided into */
  below(level) {
    const all = boot.all_levels;
    return all.slice(all.findIndex((one) => one.id === level) + 1).filter((one) => !one.locked);
  },
  /** @param {string[] | undefined} told levels that have areas now @returns {boolean} whether that is news */
  news: (told) => Boolean(told) && told.join() !== ids.join(),
  /** Reads which levels there are now. */
  async learn() {
    const told = await api.get(boot.urls.tilejson, { path: { layer: "areas" } });
    boot.levels.splice(0, boot.levels.length, ...boot.all_levels.filter((level) => told.levels.includes(level.id)));
    ids.splice(0, ids.length, ...boot.levels.map((level) => level.id));
    boot.map.level_by_zoom = told.level_by_zoom;
  },
};
