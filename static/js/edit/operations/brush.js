// Brush: which buildings a person painted, stroke by stroke; what is asked of the server, and what its answer means.
import { page } from "../../data/page.js";
import { split } from "./split.js";

export const RADII = [4, 8, 14, 24, 40];
const CLOSEST = 15; // below this zoom buildings are too small to aim at

/** Owns the strokes. Verbs: begin, put, take, back, clear; `chosen` is what they come to. */
export class Strokes {
  /** @type {Array<{adds: boolean, ids: Set<number>}>} */
  #made = [];

  get empty() {
    return this.#made.length === 0;
  }

  /** @param {boolean} adds false: this stroke takes buildings out again */
  begin(adds) {
    this.#made.push({ adds, ids: new Set() });
  }

  /** @param {number[]} ids @returns {boolean} whether the last stroke met one it had not met before */
  put(ids) {
    const { ids: known } = this.#made.at(-1),
      before = known.size;
    for (const id of ids) known.add(id);
    return known.size > before;
  }

  /** Whether the last stroke met no building; then it is none. */
  dropEmpty() {
    if (this.#made.at(-1)?.ids.size !== 0) return false;
    this.#made.pop();
    return true;
  }

  back() {
    this.#made.pop();
  }

  clear() {
    this.#made = [];
  }

  /** @returns {number[]} the buildings painted and not taken out again */
  get chosen() {
    const ids = new Set();
    for (const stroke of this.#made) for (const id of stroke.ids) stroke.adds ? ids.add(id) : ids.delete(id);
    return [...ids];
  }
}

export const brush = {
  /** @param {import("../../map/canvas.js").Canvas} canvas @returns {boolean} whether buildings are large enough to paint */
  near: (canvas) => split.near() && canvas.gl.getZoom() >= CLOSEST,

  /** Shows the buildings when somebody has hidden them. */
  unhide() {
    if (page.hidden.has("buildings")) page.set({ hidden: new Set([...page.hidden].filter((layer) => layer !== "buildings")) });
  },

  /**
   * @param {{parts?: boolean, given?: boolean, inside?: object | null}} [ways] `parts`: an area may fall into parts; `given`: what is
   *   cut off one goes to a neighbour; `inside`: only buildings in this parent go
   * @returns {object} the form of POST /api/edits
   */
  form: (buildings, to, { parts = false, given = false, inside = null } = {}) => ({
    op: "assign_buildings",
    buildings,
    to: to.code,
    ...(parts ? { allow_parts: true } : {}),
    ...(given ? { rest: "give" } : {}),
    ...(inside ? { trim: true } : {}),
  }),

  /** What was on the screen: whoever redraws one of these in between is told. @param {object} answer of the preview */
  versions: (answer) =>
    Object.fromEntries(answer.changed.filter((one) => !one.new).map((one) => [one.code, one.retired ? one.version : one.version - 1])),

  /** The receiving area first, then those that give, with letters. @param {object} answer */
  pieces(answer, to) {
    const made = split.pieces(answer);
    return split.lettered([...made.filter((piece) => piece.fid === to.fid), ...made.filter((piece) => piece.fid !== to.fid)]);
  },

  /** @returns {number} buildings that come to the area */
  gained: ({ before, after }) => (after?.buildings ?? 0) - (before?.buildings ?? 0),
};
