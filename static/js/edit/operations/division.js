// Subdivide and dissolve: what is asked of the server, and where each applies.
import { levels } from "../../data/levels.js";

export const division = {
  /** @param {object} area as the API shows it @returns {string[]} operations that apply to it */
  of: (area) => (area.leaf ? (levels.below(area.level).length ? ["subdivide"] : []) : area.leaves === area.children ? ["dissolve"] : []),

  /**
   * @param {"subdivide" | "dissolve"} op
   * @param {object} area
   * @param {string} [level] of the new areas
   * @param {Record<string, number>} [versions] seen in the preview
   * @returns {object} the form of POST /api/edits
   */
  form: (op, area, level, versions) => ({
    op,
    targets: [area.code],
    ...(op === "subdivide" && level ? { level } : {}),
    ...(versions ? { versions } : {}),
  }),

  /** What the preview was made of: whoever cuts one of these in between is told. @param {object} answer */
  versions: (answer) =>
    Object.fromEntries(
      answer.changed.filter((one) => one.retired).map((one) => [one.code, one.version]),
    ),
};
