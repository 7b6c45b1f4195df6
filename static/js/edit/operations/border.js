// Moving a border (reshape, vertices): what is asked of the server, and who gives and who takes in its answer.
import { page } from "../../data/page.js";
import { plane } from "../plane.js";
import { split } from "./split.js";

const ON = ["vertex", "border"];

/** How often the line meets a border: where it crosses one, and where an end lies on one. */
function meetings(stops, line, areas) {
  const xs = line.map((p) => p[0]),
    ys = line.map((p) => p[1]);
  const [w, s, e, n] = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
  const met = new Set();
  for (const { bounds, polygons } of areas) {
    if (bounds[0] > e || bounds[2] < w || bounds[1] > n || bounds[3] < s) continue;
    for (const rings of polygons)
      for (const ring of rings)
        for (let i = 1; i < ring.length; i++)
          for (let j = 1; j < line.length; j++)
            if (plane.crosses(ring[i - 1], ring[i], line[j - 1], line[j])) met.add(`${[ring[i - 1], ring[i]].sort()} ${j}`);
  }
  const ends = [stops[0], stops.at(-1)].filter((stop) => ON.includes(stop.kind)).length;
  return met.size + ends;
}

export const border = {
  /**
   * @param {import("../draft.js").Draft} draft
   * @param {import("../coverage.js").Coverage} coverage
   * @returns {{line: Array<[number, number]>, targets: object[], meets: boolean}} `targets`: leaves a person chose, if the
   *   line comes near them; `meets`: it has met borders twice and can mean something
   */
  read(draft, coverage) {
    const stops = draft.stops();
    const targets = page.selection.map((entry) => coverage.byCode(entry.code)).filter(Boolean);
    const line = draft.line();
    return { line, targets, meets: stops.length > 1 && meetings(stops, line, coverage.areas) > 1 };
  },

  /**
   * @param {object} read
   * @param {{parts?: boolean, given?: boolean}} [ways] `parts`: an area may fall into parts; `given`: what is cut off one goes to a neighbour
   * @returns {object} the form of POST /api/edits
   */
  reshape: ({ line, targets }, { parts = false, given = false } = {}) => ({
    op: "reshape",
    ...(parts ? { allow_parts: true } : {}),
    ...(given ? { rest: "give" } : {}),
    ...(targets.length ? { targets: targets.map((area) => area.code) } : {}),
    line: { type: "LineString", coordinates: line },
  }),

  /** What was on the screen when it was drawn: whoever cuts one of these in between is told. */
  versions: (answer, coverage) =>
    Object.fromEntries(
      answer.changed.map((one) => [one.code, coverage.byCode(one.code)?.version]).filter(([, version]) => version),
    ),

  /** Who gives and takes, with letters, in a steady order. @param {object} answer of the preview */
  pieces: (answer) => split.pieces(answer),

  /** @returns {number | null} households more, or fewer */
  change: ({ before, after }) =>
    typeof before?.households === "number" && typeof after?.households === "number" ? after.households - before.households : null,
};
