// The exact shapes of the leaf areas in view, read once per revision: what snapping and first checks look at.
import { api } from "../data/api.js";
import { boot } from "../data/boot.js";
import { levels } from "../data/levels.js";
import { page } from "../data/page.js";
import { places } from "../ui/places.js";
import { plane } from "./plane.js";

const PAGE = 1000,
  MOST = 4000, // leaves in view that one can still draw upon
  IN_ONE = 10, // about so many lie in an area of the level above
  NEARER = 0.5; // zooms: that much nearer it is worth asking again
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
  #crowded = null; // where there were too many

  /** @param {import("../map/canvas.js").Canvas} canvas */
  constructor(canvas) {
    this.canvas = canvas;
  }

  /**
   * Reads the leaves of the view and a third of a view around it, unless they are here already. Where more are in view than
   * anybody can draw upon none is read: half of them would be worse than none.
   */
  async load() {
    const view = this.canvas.gl.getBounds();
    const box = [view.getWest(), view.getSouth(), view.getEast(), view.getNorth()];
    if (this.#rev === page.rev && contains(this.#box, box)) return this;
    if (levels.depth(page.level) < levels.ids.length - 2) return this;
    const turn = (this.#asked = {}),
      rev = page.rev;
    if (this.#crowd(box)) return this;
    const [w, h] = [(box[2] - box[0]) / 3, (box[3] - box[1]) / 3];
    let read = null,
      wide = box;
    for (const margin of [1, 0]) {
      wide = [box[0] - margin * w, box[1] - margin * h, box[2] + margin * w, box[3] + margin * h];
      read = await this.#read(wide, () => turn === this.#asked);
      if (turn !== this.#asked) return this;
      if (read) break;
    }
    if (!read) this.#crowded = { box, zoom: this.canvas.gl.getZoom() };
    page.set({ crowded: !read });
    places.meet(read ?? []);
    this.areas = (read ?? [])
      .filter((area) => area.geometry)
      .map((area) => ({
        ...area,
        polygons: area.geometry.type === "Polygon" ? [area.geometry.coordinates] : area.geometry.coordinates,
      }));
    this.#box = read ? wide : null;
    this.#rev = rev;
    return this;
  }

  /** All leaves of a box, null when there are too many. @param {() => boolean} wanted nobody asked for another box since */
  async #read(box, wanted) {
    const read = [];
    const query = { level: levels.deepest, bbox: box.map((n) => n.toFixed(7)).join(","), geometry: true, limit: PAGE };
    let answer = await api.get(boot.urls.areas, { query });
    read.push(...answer.areas);
    while (answer.next && read.length < MOST && wanted()) {
      answer = await api.get(answer.next);
      read.push(...answer.areas);
    }
    return answer.next ? null : read;
  }

  /** Whether too many leaves are in view, told without asking: by what is drawn, or by what was asked here before. */
  #crowd(box) {
    const drawn = new Set(this.canvas.gl.queryRenderedFeatures({ layers: ["land"] }).map((one) => one.id)).size;
    const about = page.level === levels.deepest ? drawn : drawn * IN_ONE;
    const was = this.#crowded;
    const meets = was && box[0] < was.box[2] && box[2] > was.box[0] && box[1] < was.box[3] && box[3] > was.box[1];
    const here = meets && this.canvas.gl.getZoom() < was.zoom + NEARER;
    if (about > MOST) this.#crowded = { box, zoom: this.canvas.gl.getZoom() };
    else if (!here) return false;
    this.areas = [];
    this.#box = null;
    page.set({ crowded: true });
    return true;
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
