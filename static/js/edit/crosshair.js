// The cross-hair: a pointer for those who draw with the keyboard. Arrows move it; at the edge of the map the map moves.
import { el } from "../ui/dom.js";
import { icon } from "../ui/icon.js";

const STEP_PX = 10,
  FINE_PX = 1,
  EDGE_PX = 48; // nearer than this to the edge the map is moved instead
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const ZOOMS = { "+": 1, "=": 1, "-": -1, _: -1 };

/** Owns the cross-hair. Verbs: show, hide, to, key. Tells `onMove` wherever it stands. */
export class Crosshair {
  #node = null;
  point = { x: 0, y: 0 };

  /** @param {import("../map/canvas.js").Canvas} canvas @param {HTMLElement} host @param {() => void} onMove */
  constructor(canvas, host, onMove) {
    this.gl = canvas.gl;
    this.host = host;
    this.onMove = onMove;
    this.gl.on("resize", () => this.on && this.#put(this.point.x, this.point.y));
  }

  get on() {
    return Boolean(this.#node);
  }

  /** @returns {{lng: number, lat: number}} */
  get lngLat() {
    return this.gl.unproject([this.point.x, this.point.y]);
  }

  /** In the middle of the map; the map gets the keys. */
  show() {
    this.gl.getCanvas().focus();
    if (this.on) return;
    const { width, height } = this.host.getBoundingClientRect();
    this.#node = el("div", { class: "crosshair", "data-key": "crosshair" }, icon("crosshair"));
    this.host.append(this.#node);
    this.gl.keyboard.disable();
    this.#put(width / 2, height / 2);
  }

  /** @returns {boolean} whether there was one */
  hide() {
    if (!this.on) return false;
    this.#node.remove();
    this.#node = null;
    this.gl.keyboard.enable();
    return true;
  }

  /** @param {[number, number]} place (lon, lat) @param {boolean} [follow] the map goes there when it lies outside */
  to(place, follow = false) {
    const { x, y } = this.gl.project(place);
    const { width, height } = this.host.getBoundingClientRect();
    if (x < 0 || y < 0 || x > width || y > height) {
      if (!follow) return;
      this.gl.jumpTo({ center: place });
      this.#put(width / 2, height / 2);
    } else this.#put(x, y);
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether it was used */
  key(event) {
    if (event.key in ZOOMS) {
      this.gl.jumpTo({ zoom: this.gl.getZoom() + ZOOMS[event.key], around: this.lngLat });
      this.onMove();
      return true;
    }
    if (!(event.key in ARROWS)) return false;
    const step = event.shiftKey ? FINE_PX : STEP_PX;
    const [dx, dy] = ARROWS[event.key].map((sign) => sign * step);
    const { width, height } = this.host.getBoundingClientRect();
    const [x, y] = [this.point.x + dx, this.point.y + dy];
    const over = [
      dx && (x < EDGE_PX || x > width - EDGE_PX) && Math.sign(dx) === Math.sign(x - width / 2) ? dx : 0,
      dy && (y < EDGE_PX || y > height - EDGE_PX) && Math.sign(dy) === Math.sign(y - height / 2) ? dy : 0,
    ];
    if (over[0] || over[1]) {
      this.gl.panBy(over, { duration: 0 });
      this.onMove();
    } else this.#put(x, y);
    return true;
  }

  #put(x, y) {
    const { width, height } = this.host.getBoundingClientRect();
    this.point = { x: Math.max(0, Math.min(width, x)), y: Math.max(0, Math.min(height, y)) };
    this.#node.style.left = `${this.point.x}px`;
    this.#node.style.top = `${this.point.y}px`;
    this.onMove();
  }
}
