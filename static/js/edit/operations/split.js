// Split: what is asked of the server for a drawn line, and how its answer is put in words.
import { levels } from "../../data/levels.js";
import { page } from "../../data/page.js";
import { colouring } from "../colouring.js";
import { plane } from "../plane.js";

const TAIL_M = 0.6,
  TURNS = [0, 1, -1, 2, -2, 3, -3].map((eighth) => (eighth * Math.PI) / 4);
const LETTER_A = 65,
  LETTERS = 26,
  FILLS = ["a", "b", "c", "d", "e", "f"], // of pieces on the map, see map/style_work.js
  SIDES = { d: "b", e: "a", f: "c" }; // of their letters, where not the same

/**
 * A line that begins or ends on a border is drawn on beyond it by half a metre, so that it truly leaves the areas it cuts:
 * straight on, or, where that leads back into one (a corner that juts in), as little turned as need be.
 * @param {object[]} areas that it cuts @param {number[]} turns it may take @returns {[number, number] | null}
 */
function tail(from, towards, areas, turns) {
  const k = plane.metres(from[1]);
  const [dx, dy] = [(from[0] - towards[0]) * k[0], (from[1] - towards[1]) * k[1]];
  const length = Math.hypot(dx, dy);
  if (length === 0) return null;
  const ends = turns.map((turn) => {
    const [cos, sin] = [Math.cos(turn) / length, Math.sin(turn) / length];
    return [from[0] + ((dx * cos - dy * sin) * TAIL_M) / k[0], from[1] + ((dx * sin + dy * cos) * TAIL_M) / k[1]];
  });
  return ends.find((end) => !areas.some((area) => plane.inside(end, area.polygons))) ?? null;
}

/** A place half a metre from one on the way to another. */
function ahead(from, towards) {
  const k = plane.metres(from[1]);
  const share = Math.min(1, TAIL_M / Math.hypot((from[0] - towards[0]) * k[0], (from[1] - towards[1]) * k[1]));
  return [from[0] + (towards[0] - from[0]) * share, from[1] + (towards[1] - from[1]) * share];
}

export const split = {
  /**
   * @param {import("../draft.js").Draft} draft
   * @param {import("../coverage.js").Coverage} coverage
   * @returns {{line: Array<[number, number]>, targets: object[], chosen: boolean, inside: object | null, tails:
   *   Array<Array<[number, number]>>, passed: object[], loose: Array<{area: object, where: [number, number], leg:
   *   boolean}>}}
   *   `line` with its tails; `targets` the leaves to cut, `chosen` when a person picked them; `inside` the leaf in which
   *   the line still ends; `passed` are crossed too, but were not picked; `loose` ends lie inside leaves, where nothing is
   *   cut: `leg` when more of the line lies there
   */
  read(draft, coverage) {
    const stops = draft.stops(),
      bare = draft.line();
    const tails = [];
    const chosen = page.selection.map((entry) => coverage.byCode(entry.code)).filter(Boolean);
    if (bare.length < 2) return { line: bare, targets: chosen, chosen: chosen.length > 0, inside: null, tails, passed: [], loose: [] };
    const line = [...bare];
    const grown = (stop, next, put) => {
      if (stop.kind !== "vertex" && stop.kind !== "border") return;
      const leg = ahead(stop.place, next);
      const cut = chosen.length ? chosen : [coverage.at(leg)].filter(Boolean);
      const within = cut.some((area) => plane.inside(leg, area.polygons)); // else it comes from outside, and stays there
      const end = tail(stop.place, next, cut, within ? TURNS : [0]);
      if (!end) return;
      put(end);
      tails.push([stop.place, end]);
    };
    grown(stops[0], bare[1], (end) => line.unshift(end));
    grown(stops.at(-1), bare.at(-2), (end) => line.push(end));
    const ends = [line[0], line.at(-1)];
    if (!chosen.length) {
      const targets = coverage.crossed(line);
      const loose = [
        [stops[0], line.slice(1)],
        [stops.at(-1), line.slice(0, -1)],
      ].flatMap(([end, rest]) => {
        const area = end.kind === "vertex" || end.kind === "border" ? null : coverage.at(end.place);
        return area ? [{ area, where: end.place, leg: rest.some((place) => plane.inside(place, area.polygons)) }] : [];
      });
      return { line, targets, chosen: false, inside: targets.length ? null : coverage.at(line.at(-1)), tails, passed: [], loose };
    }
    const inside = chosen.find((area) => ends.some((end) => plane.inside(end, area.polygons))) ?? null;
    const targets = inside ? chosen : coverage.crossed(line, chosen);
    const passed = coverage.crossed(line).filter((area) => !chosen.includes(area));
    return { line, targets, chosen: true, inside, tails, passed, loose: [] };
  },

  /**
   * @param {boolean} [parts] pieces on one side of the line are one area
   * @returns {object} the form of POST /api/edits; `versions` also of areas in which a loose end lies, where one may redraw: cut
   *   anew meanwhile, the line would cut what nobody was shown
   */
  form: (read, keep, parts = false) => ({
    op: "split",
    ...(parts ? { allow_parts: true } : {}),
    ...(read.chosen ? { targets: read.targets.map((area) => area.code) } : {}),
    line: { type: "LineString", coordinates: read.line },
    ...(keep ? { keep } : {}),
    versions: Object.fromEntries(
      [...read.targets, ...read.loose.map(({ area }) => area).filter((area) => area.editable !== false)].map((area) => [area.code, area.version]),
    ),
  }),

  /** @returns {boolean} whether the levels in view are fine enough to draw on, and few enough areas are in view */
  near: () => !page.crowded && levels.depth(page.level) >= levels.ids.length - 2,

  /**
   * Pieces in a steady order (west to east, then north to south), whoever keeps the code.
   * @param {object} answer of the preview; `of` is the code of the area that a piece is cut from
   * @returns {Array<{letter: string, side: string, fill: string, badge: string, fid: number, code: string, isNew: boolean, of: string, label: string, before:
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
        of: area.cut_from ?? area.code,
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
    return split.lettered(made);
  },

  /** @param {object[]} made pieces in their order @returns {object[]} with letter, side, fill and badge, on the map as in the panel */
  lettered(made) {
    const number = made.length > 3 ? colouring(made.map((piece) => piece.geometry)) : [0, 1, 2];
    return made.map((piece, i) => {
      const letter = i < LETTERS ? String.fromCharCode(LETTER_A + i) : String(i + 1);
      const fill = FILLS[number[i] % FILLS.length],
        side = SIDES[fill] ?? fill;
      return { ...piece, letter, side, fill, badge: `${side}-${letter}` };
    });
  },
};
