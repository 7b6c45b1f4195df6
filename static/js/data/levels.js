// The tree of levels: which is shown at which zoom, and what lies above and below.
import { boot } from "./boot.js";

const ids = boot.levels.map((level) => level.id);
let deepestZoom = 22;

export const levels = {
  /** top to bottom */
  ids,
  deepest: ids.at(-1),
  /** @param {number} zoom @returns {string} level drawn at that zoom */
  at: (zoom) => boot.map.level_by_zoom[String(Math.max(0, Math.min(deepestZoom, Math.floor(zoom))))] ?? ids.at(-1),
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
      .map(([zoom]) => Number(zoom));
    return shown.length ? [Math.min(...shown), Math.max(...shown) + 1] : null;
  },
};
