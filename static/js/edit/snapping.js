// Where the pointer lands: on a vertex within 12 pixels, else on a border, else on a road or a building, else where it
// is.
import { plane } from "./plane.js";

const REACH_PX = 12;
const SOFT = { roads: "road", buildings: "building" };

/** Owns which things draw the pointer to them. Verb: snap. */
export class Snapper {
  on = { vertices: true, borders: true, roads: false, buildings: false };

  /** @param {import("../map/canvas.js").Canvas} canvas @param {import("./coverage.js").Coverage} coverage */
  constructor(canvas, coverage) {
    this.canvas = canvas;
    this.coverage = coverage;
  }

  /**
   * @param {[number, number]} place (lon, lat)
   * @param {{x: number, y: number}} point its pixel
   * @param {number} [px] how near a thing must be
   * @returns {{place: [number, number], kind: "vertex"|"border"|"road"|"building"|null}}
   */
  snap(place, point, px = REACH_PX) {
    const aside = this.canvas.gl.unproject([point.x + px, point.y]);
    const k = plane.metres(place[1]);
    const reach = Math.abs(aside.lng - place[0]) * k[0];
    const found = this.#lines(place, reach, k);
    if (found.vertex && this.on.vertices) return { place: found.vertex, kind: "vertex" };
    if (found.border && this.on.borders) return { place: found.border, kind: "border" };
    for (const layer of Object.keys(SOFT)) {
      if (!this.on[layer]) continue;
      const near = this.#drawn(layer, place, point, px, reach, k);
      if (near) return { place: near, kind: SOFT[layer] };
    }
    return { place, kind: null };
  }

  #lines(place, reach, k) {
    const pad = [reach / k[0], reach / k[1]];
    let vertex = null,
      border = null,
      nearVertex = reach,
      nearBorder = reach;
    for (const {
      bounds: [w, s, e, n],
      polygons,
    } of this.coverage.areas) {
      if (place[0] < w - pad[0] || place[0] > e + pad[0] || place[1] < s - pad[1] || place[1] > n + pad[1]) continue;
      for (const rings of polygons)
        for (const ring of rings)
          for (let i = 1; i < ring.length; i++) {
            const a = ring[i - 1],
              b = ring[i];
            const far = Math.hypot((a[0] - place[0]) * k[0], (a[1] - place[1]) * k[1]);
            if (far < nearVertex) {
              nearVertex = far;
              vertex = [a[0], a[1]];
            }
            const foot = plane.nearest(place, a, b, k);
            if (foot.distance < nearBorder) {
              nearBorder = foot.distance;
              border = foot.point;
            }
          }
    }
    return { vertex, border };
  }

  /** Roads and buildings are taken from the tiles drawn: good to a decimetre, and nothing has to meet them exactly. */
  #drawn(layer, place, point, px, reach, k) {
    const style = layer === "roads" ? "road" : "building";
    if (!this.canvas.gl.getLayer(style)) return null;
    const box = [
      [point.x - px, point.y - px],
      [point.x + px, point.y + px],
    ];
    let best = null,
      near = reach;
    const walk = (coordinates) => {
      if (typeof coordinates[0]?.[0] === "number") {
        for (let i = 1; i < coordinates.length; i++) {
          const foot = plane.nearest(place, coordinates[i - 1], coordinates[i], k);
          if (foot.distance < near) {
            near = foot.distance;
            best = foot.point;
          }
        }
      } else for (const inner of coordinates) walk(inner);
    };
    for (const feature of this.canvas.gl.queryRenderedFeatures(box, { layers: [style] }))
      walk(feature.geometry.coordinates);
    return best;
  }
}
