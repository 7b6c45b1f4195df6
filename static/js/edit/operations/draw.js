// Draw: what is asked of the server for a drawn polygon, and how its answer is put in words.
import { page } from "../../data/page.js";
import { plane } from "../plane.js";

/** Whether a segment of the ring crosses a border of the area. */
function crossed(ring, { polygons }) {
  for (const rings of polygons)
    for (const border of rings)
      for (let i = 1; i < border.length; i++)
        for (let j = 0; j < ring.length; j++)
          if (plane.crosses(border[i - 1], border[i], ring[j], ring[(j + 1) % ring.length])) return true;
  return false;
}

export const draw = {
  /**
   * @param {import("../draft.js").Draft} draft
   * @param {import("../coverage.js").Coverage} coverage
   * @returns {{ring: Array<[number, number]>, parent: string | null, host: object | null}} `parent`: code of the area the
   *   new one will belong to: that of the selection, else of where the drawing began; `host`: the leaf in which it lies
   */
  read(draft, coverage) {
    const stops = draft.stops(),
      ring = draft.line();
    const chosen = page.selection.map((entry) => coverage.byCode(entry.code)).find((area) => area?.parent);
    const under = stops.map((stop) => coverage.at(stop.raw ?? stop.place)).find((area) => area?.parent);
    const free = ring.length > 2 && stops.every((stop) => stop.kind !== "vertex" && stop.kind !== "border");
    const host = free ? coverage.at(ring[0]) : null;
    const inside = host && ring.every((place) => plane.inside(place, host.polygons)) && !crossed(ring, host);
    return { ring, parent: (chosen ?? under)?.parent ?? null, host: inside ? host : null };
  },

  /** @param {object} read @param {"give" | "new" | "parts" | null} rest what becomes of an area that falls into pieces */
  form: ({ ring, parent, host }, rest) => ({
    op: host ? "island" : "draw",
    parent: host ? host.code : parent,
    polygon: { type: "Polygon", coordinates: [[...ring, ring[0]]] },
    ...(host ? {} : { trim: true }),
    ...(host || !rest ? {} : rest === "parts" ? { allow_parts: true } : { rest }),
  }),

  /** What was on the screen when it was drawn: whoever cuts one of these in between is told. */
  versions: (answer, coverage) =>
    Object.fromEntries(
      answer.changed
        .filter((one) => one.before)
        .map((one) => [one.code, coverage.byCode(one.code)?.version])
        .filter(([, version]) => version),
    ),

  /**
   * @returns {{made: object[], givers: object[], takers: object[]}} new areas, the drawn one first, those that give ground,
   *   and those that get what is cut off
   */
  effect(answer) {
    const held = answer.changed.filter((one) => one.before),
      grows = (one) => !one.retired && one.after.area_m2 > one.before.area_m2;
    return {
      made: answer.changed.filter((one) => one.new).sort((a, b) => b.fid - a.fid),
      givers: held.filter((one) => !grows(one)),
      takers: held.filter(grows),
    };
  },
};
