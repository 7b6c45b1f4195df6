// Tracing: between two points put on borders, or on roads, the drawing follows the border or the road (T).
import { api } from "../data/api.js";
import { boot } from "../data/boot.js";
import { LineGraph } from "./line_graph.js";
import { plane } from "./plane.js";

const LINES = { vertex: ["borders", "roads"], border: ["borders", "roads"], road: ["roads"] }; // a road may begin at a border
const MOST_ROADS = 5000;
const DETOUR = 6,
  SPARE_M = 300; // a way longer than this many times the straight line, and this much, is not what was meant
const SHORTER = 0.8; // a road that is hardly shorter than the border beside it is that border
const REACH_M = { borders: 0.5, roads: 3 }; // roads are snapped to as their tiles draw them

/** Owns the lines one can follow. Verbs: toggle, way, load. */
export class Tracer {
  on = false;
  #graphs = {};
  #of = { borders: null, roads: null }; // what each graph was made of
  #asked = null;

  /** @param {import("../map/canvas.js").Canvas} canvas @param {import("./coverage.js").Coverage} coverage */
  constructor(canvas, coverage) {
    this.canvas = canvas;
    this.coverage = coverage;
  }

  /** @returns {boolean} whether it is on now */
  toggle() {
    this.on = !this.on;
    if (this.on) this.load();
    return this.on;
  }

  /** Makes the lines in view ready. */
  load() {
    if (!this.on) return;
    if (this.#of.borders !== this.coverage.areas) {
      this.#of.borders = this.coverage.areas;
      this.#graphs.borders = new LineGraph(this.coverage.areas.flatMap((area) => area.polygons.flat()));
    }
    if (boot.map.has.roads) this.#roads();
  }

  async #roads() {
    const view = this.canvas.gl.getBounds();
    const box = [view.getWest(), view.getSouth(), view.getEast(), view.getNorth()];
    const had = this.#of.roads;
    if (had && had[0] <= box[0] && had[1] <= box[1] && had[2] >= box[2] && had[3] >= box[3]) return;
    const [w, h] = [(box[2] - box[0]) / 3, (box[3] - box[1]) / 3];
    const wide = [box[0] - w, box[1] - h, box[2] + w, box[3] + h];
    const turn = (this.#asked = {});
    const query = { bbox: wide.map((n) => n.toFixed(7)).join(","), geometry: true, limit: MOST_ROADS };
    const told = await api.get(boot.urls.layer, { path: { layer: "roads" }, query }).catch(() => null);
    if (!told || turn !== this.#asked) return;
    const lines = told.roads.flatMap(({ geometry }) => (geometry?.type === "LineString" ? [geometry.coordinates] : (geometry?.coordinates ?? [])));
    this.#graphs.roads = new LineGraph(lines, { cross: true });
    this.#of.roads = wide;
  }

  /**
   * @param {{place: [number, number], kind: string | null}} from
   * @param {{place: [number, number], kind: string | null}} to
   * @param {boolean} [roads] whether it may go along roads
   * @returns {Array<[number, number]>} what the drawing goes through between the two; nothing where no line leads there
   */
  way(from, to, roads = true) {
    if (!this.on) return [];
    const k = plane.metres(to.place[1]);
    const far = (a, b) => Math.hypot((a[0] - b[0]) * k[0], (a[1] - b[1]) * k[1]);
    const straight = far(from.place, to.place),
      most = straight * DETOUR + SPARE_M;
    let best = [],
      least = Infinity;
    for (const kind of LINES[to.kind] ?? []) {
      if (straight >= least * SHORTER) break;
      if (!LINES[from.kind]?.includes(kind) || (kind === "roads" && !roads)) continue;
      const way = this.#graphs[kind]?.way(from.place, to.place, { reach: REACH_M[kind], most });
      if (!way) continue;
      const places = [from.place, ...way, to.place];
      const length = places.slice(1).reduce((sum, place, i) => sum + far(places[i], place), 0);
      if (length < least * SHORTER) [best, least] = [way, length];
    }
    return best;
  }
}
