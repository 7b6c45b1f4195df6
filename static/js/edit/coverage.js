// The exact shapes of the leaf areas in view, read once per revision: what snapping and first checks look at.
import { api } from "../data/api.js";
import { boot } from "../data/boot.js";
import { levels } from "../data/levels.js";
import { page } from "../data/page.js";
import { plane } from "./plane.js";

const PAGE = 1000,
  MOST = 4000;
const contains = (outer, inner) =>
  outer && outer[0] <= inner[0] && outer[1] <= inner[1] && outer[2] >= inner[2] && outer[3] >= inner[3];

/** Owns the shapes of the leaves around the view. Verbs: load, at, crossed, shortOf, forget. */
export class Coverage {
  /**
   * @type {Array<{fid: number, code: string, name: string, level: string, parent: string, version: number, leaf:
   *   boolean, locked: boolean, editable: boolean, bounds: number[], polygons: number[][][][]}>}
   */
  areas = [];
  #box = null;
  #rev = null;
  #asked = null;

  /** @param {import("../map/canvas.js").Canvas} canvas */
  constructor(canvas) {
    this.canvas = canvas;
  }

  /** Reads the leaves of the view and half a view around it, unless they are here already. */
  async load() {
    const view = this.canvas.gl.getBounds();
    const box = [view.getWest(), view.getSouth(), view.getEast(), view.getNorth()];
    if (this.#rev === page.rev && contains(this.#box, box)) return this;
    if (levels.depth(page.level) < levels.ids.length - 2) return this;
    const [w, h] = [(box[2] - box[0]) / 3, (box[3] - box[1]) / 3];
    const wide = [box[0] - w, box[1] - h, box[2] + w, box[3] + h];
    const turn = (this.#asked = {});
    const rev = page.rev,
      read = [];
    let answer = await api.get(boot.urls.areas, {
      query: { level: levels.deepest, bbox: wide.map((n) => n.toFixed(7)).join(","), geometry: true, limit: PAGE },
    });
    read.push(...answer.areas);
    while (answer.next && read.length < MOST) {
      answer = await api.get(answer.next);
      read.push(...answer.areas);
    }
    if (turn !== this.#asked) return this;
    this.areas = read
      .filter((area) => area.geometry)
      .map((area) => ({
        ...area,
        polygons: area.geometry.type === "Polygon" ? [area.geometry.coordinates] : area.geometry.coordinates,
      }));
    this.#box = wide;
    this.#rev = rev;
    return this;
  }

  /** The next load reads anew. */
  forget() {
    this.#rev = null;
  }

  /** @param {[number, number]} place */
  at(place) {
    return (
      this.areas.find(
        ({ bounds: [w, s, e, n], polygons }) =>
          place[0] >= w && place[0] <= e && place[1] >= s && place[1] <= n && plane.inside(place, polygons),
      ) ?? null
    );
  }

  /** @param {string} code */
  byCode(code) {
    return this.areas.find((area) => area.code === code) ?? null;
  }

  /** Leaves which the line enters and leaves again. @param {Array<[number, number]>} line @param {object[]} [among] */
  crossed(line, among = this.areas) {
    const xs = line.map((p) => p[0]),
      ys = line.map((p) => p[1]);
    const [w, s, e, n] = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
    return among.filter(({ bounds, polygons }) => {
      if (bounds[0] > e || bounds[2] < w || bounds[1] > n || bounds[3] < s) return false;
      if (plane.inside(line[0], polygons) || plane.inside(line.at(-1), polygons)) return false;
      let met = 0;
      for (const rings of polygons)
        for (const ring of rings) {
          for (let i = 1; i < ring.length; i++)
            for (let j = 1; j < line.length; j++) if (plane.crosses(ring[i - 1], ring[i], line[j - 1], line[j])) met++;
        }
      return met >= 2;
    });
  }

  /** Metres from a place to the border of an area. @param {[number, number]} place */
  shortOf(place, area) {
    const k = plane.metres(place[1]);
    let best = Infinity;
    for (const rings of area.polygons)
      for (const ring of rings)
        for (let i = 1; i < ring.length; i++)
          best = Math.min(best, plane.nearest(place, ring[i - 1], ring[i], k).distance);
    return best;
  }
}
