// The handles on the border of one area: its vertices and the middles between them, and which the pointer is at.
import { vertex } from "./operations/vertex.js";

/** Owns the handles shown. Verbs: of, at, under. */
export class Handles {
  static REACH_PX = 12;
  area = null;
  /** @type {ReturnType<typeof vertex.handles>} */
  list = [];
  near = null;

  /**
   * @param {import("../map/canvas.js").Canvas} canvas
   * @param {import("./coverage.js").Coverage} coverage
   * @param {() => number} reach pixels, of the pointer or finger in use
   */
  constructor(canvas, coverage, reach = () => Handles.REACH_PX) {
    this.canvas = canvas;
    this.coverage = coverage;
    this.reach = reach;
  }

  /** @param {object | null} area whose handles are shown from now on */
  of(area) {
    this.area = area;
    this.list = area ? vertex.handles(area, this.coverage.areas) : [];
    this.near = null;
  }

  /** The handle within reach of a pixel, vertices before middles. @param {{x: number, y: number}} pixel */
  at({ x, y }) {
    let best = null,
      least = this.reach();
    for (const handle of this.list) {
      const p = this.canvas.gl.project(handle.place);
      const far = Math.hypot(p.x - x, p.y - y) + (handle.kind === "mid" ? Handles.REACH_PX / 2 : 0);
      if (far < least) [best, least] = [handle, far];
    }
    return best;
  }

  /** The pointer is here: unless it is at a handle, those of the area under it are shown. @returns {boolean} something changed */
  under(stop) {
    let near = this.at(stop.point);
    if (near && near === this.near) return false;
    const area = near ? this.area : (this.coverage.at(stop.raw ?? stop.place) ?? this.area);
    const changed = area !== this.area || near !== this.near;
    if (area !== this.area) {
      this.of(area);
      near = this.at(stop.point);
    }
    this.near = near;
    return changed;
  }
}
