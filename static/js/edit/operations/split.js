// Split: what is asked of the server for a drawn line, and how its answer is put in words.
import { levels } from "../../data/levels.js";
import { page } from "../../data/page.js";
import { plane } from "../plane.js";

const TAIL_M = 0.6;
const LETTERS = ["A", "B", "C", "D", "E", "F"];

/** A line that begins or ends on a border is drawn on beyond it by half a metre, so that it truly leaves the area. */
function tail(from, towards) {
  const k = plane.metres(from[1]);
  const [dx, dy] = [(from[0] - towards[0]) * k[0], (from[1] - towards[1]) * k[1]];
  const length = Math.hypot(dx, dy);
  return length === 0 ? null : [from[0] + (dx / length) * (TAIL_M / k[0]), from[1] + (dy / length) * (TAIL_M / k[1])];
}

export const split = {
  /**
   * @param {import("../draft.js").Draft} draft
   * @param {import("../coverage.js").Coverage} coverage
   * @returns {{line: Array<[number, number]>, targets: object[], chosen: boolean, inside: object | null, tails:
   *   Array<Array<[number, number]>>}}
   *   `line` with its tails; `targets` the leaves to cut, `chosen` when a person picked them; `inside` the leaf in
   * which the line still ends
   */
  read(draft, coverage) {
    const stops = draft.stops(),
      bare = draft.line();
    const tails = [];
    const chosen = page.selection.map((entry) => coverage.byCode(entry.code)).filter(Boolean);
    if (bare.length < 2) return { line: bare, targets: chosen, chosen: chosen.length > 0, inside: null, tails };
    const line = [...bare];
    const grown = (stop, next, put) => {
      if (stop.kind !== "vertex" && stop.kind !== "border") return;
      const end = tail(stop.place, next);
      if (!end || chosen.some((area) => plane.inside(end, area.polygons))) return;
      put(end);
      tails.push([stop.place, end]);
    };
    grown(stops[0], bare[1], (end) => line.unshift(end));
    grown(stops.at(-1), bare.at(-2), (end) => line.push(end));
    const ends = [line[0], line.at(-1)];
    if (!chosen.length) {
      const targets = coverage.crossed(line);
      return { line, targets, chosen: false, inside: targets.length ? null : coverage.at(line.at(-1)), tails };
    }
    const inside = chosen.find((area) => ends.some((end) => plane.inside(end, area.polygons))) ?? null;
    return { line, targets: inside ? chosen : coverage.crossed(line, chosen), chosen: true, inside, tails };
  },

  /** @param {boolean} [parts] pieces on one side of the line are one area @returns {object} the form of POST /api/edits */
  form: (read, keep, parts = false) => ({
    op: "split",
    ...(parts ? { allow_parts: true } : {}),
    ...(read.chosen ? { targets: read.targets.map((area) => area.code) } : {}),
    line: { type: "LineString", coordinates: read.line },
    ...(keep ? { keep } : {}),
    versions: Object.fromEntries(read.targets.map((area) => [area.code, area.version])),
  }),

  /** @returns {boolean} whether the levels in view are fine enough to draw on, and few enough areas are in view */
  near: () => !page.crowded && levels.depth(page.level) >= levels.ids.length - 2,

  /**
   * Pieces in a steady order (west to east, then north to south), whoever keeps the code.
   * @param {object} answer of the preview
   * @returns {Array<{letter: string, side: string, fid: number, code: string, isNew: boolean, label: string, before:
   *   object | null, after: object, geometry: object, at: [number, number]}>}
   */
  pieces(answer) {
    const made = answer.changed
      .filter((area) => !area.retired && area.geometry)
      .map((area) => ({
        fid: area.fid,
        code: area.code,
        name: area.name,
        isNew: Boolean(area.new) || area.before === null,
        label: area.next_code ?? area.code,
        version: area.version,
        before: area.before,
        after: area.after,
        geometry: area.geometry,
        at: plane.inner(area.geometry.type === "Polygon" ? [area.geometry.coordinates] : area.geometry.coordinates),
      }));
    const flat =
      made.length > 1 && Math.abs(made[0].at[0] - made[1].at[0]) < Math.abs(made[0].at[1] - made[1].at[1]) * 0.5;
    made.sort(flat ? (a, b) => b.at[1] - a.at[1] : (a, b) => a.at[0] - b.at[0]);
    return made.map((piece, i) => ({ ...piece, letter: LETTERS[i] ?? String(i + 1), side: ["a", "b"][i] ?? "c" }));
  },
};
