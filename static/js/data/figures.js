// Figures of all areas of a level for one metric; kept until the map changes.
import { api } from "./api.js";
import { boot } from "./boot.js";

const kept = new Map();

export const figures = {
  /**
   * @param {string} level
   * @param {string} metric
   * @returns {Promise<{fid: number[], value: Array<number|null>, age_s: Array<number|null>, norm_min?: number[],
   *   norm_max?: number[], rev: number}>}
   */
  load(level, metric) {
    const key = `${level} ${metric}`;
    if (!kept.has(key)) {
      const asked = api.get(boot.urls.figures, { query: { level, metric } });
      kept.set(key, asked);
      asked.catch(() => kept.delete(key));
    }
    return kept.get(key);
  },
  /** After an edit: what was read before is no longer asked of the memory. */
  forget: () => kept.clear(),
};
