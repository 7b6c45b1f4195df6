// The drawing desk: holds the tool in hand and hands it the pointer, the keys and the cross-hair.
import { mode } from "../data/mode.js";
import { page } from "../data/page.js";
import { el } from "../ui/dom.js";
import { foot } from "../ui/foot.js";
import { hint } from "../ui/hint.js";
import { icon } from "../ui/icon.js";
import { tip } from "../ui/tip.js";
import { toast } from "../ui/toast.js";
import { Coverage } from "./coverage.js";
import { Snapper } from "./snapping.js";
import { WRITING } from "./tools.js";

const STEP_PX = 10;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Owns the tool in hand, the exact shapes in view and the cross-hair. Verbs: use, key, escape, cross. */
export class Desk {
  #cross = null;
  #mode = null;

  /**
   * @param {import("../map/canvas.js").Canvas} canvas
   * @param {Record<string, (desk: Desk) => object>} modes by tool
   * @param {Record<string, Function>} tell what the page does when a mode asks: zone, into, outward, saved, card,
   *   notify
   */
  constructor(canvas, modes, tell) {
    this.canvas = canvas;
    this.tell = tell;
    this.coverage = new Coverage(canvas);
    this.snapper = new Snapper(canvas, this.coverage);
    this.modes = Object.fromEntries(Object.entries(modes).map(([id, make]) => [id, make(this)]));
    this.host = canvas.gl.getContainer().parentElement;
    this.#listen();
  }

  get mode() {
    return this.#mode;
  }

  /** @param {string} id of a tool; the drawing of the tool before is dropped */
  use(id) {
    const next = this.modes[id];
    if (!next || next === this.#mode) return;
    if (WRITING.has(id) && mode.why()) return void toast(mode.why(), { kind: "bad" });
    this.#mode?.leave();
    tip.hide();
    this.#mode = next;
    page.set({ tool: id });
    for (const cursor of ["draws", "picks", "refuses"]) this.host.classList.toggle(cursor, next.cursor === cursor);
    hint.show();
    hint.snaps(next.snaps ? this.snapper : null);
    if (next.snaps) this.shapes();
    next.enter();
  }

  /** Reads the exact shapes in view when the tool needs them. */
  async shapes() {
    await this.coverage.load().catch(() => null);
    this.#mode?.shaped?.();
  }

  #event(point, lngLat, original = {}) {
    const place = [lngLat.lng, lngLat.lat];
    const snaps = this.#mode?.snaps && !original.altKey;
    const landed = snaps ? this.snapper.snap(place, point) : { place, kind: null };
    const pixel = { x: point.x, y: point.y };
    return {
      ...landed,
      point: pixel,
      raw: place,
      shift: Boolean(original.shiftKey),
      alt: Boolean(original.altKey),
      area: () => this.canvas.areaAt([point.x, point.y]),
      zone: () => this.canvas.zoneAt([point.x, point.y]),
    };
  }

  #listen() {
    const { gl } = this.canvas;
    gl.on("click", (event) => {
      this.#hideCross();
      this.#mode?.press(this.#event(event.point, event.lngLat, event.originalEvent));
    });
    gl.on("dblclick", (event) => {
      event.preventDefault();
      this.#mode?.double(this.#event(event.point, event.lngLat, event.originalEvent));
    });
    gl.on("mousemove", (event) => {
      if (this.#cross) return;
      const made = this.#event(event.point, event.lngLat, event.originalEvent);
      tip.move(made.point);
      this.#mode?.hover(made);
    });
    gl.on("mouseout", () => this.#mode?.out?.());
    gl.on("moveend", () => {
      if (this.#mode?.snaps) this.shapes();
    });
    for (const [name, verb] of [
      ["mousedown", "down"],
      ["mouseup", "up"],
    ])
      gl.on(name, (event) => this.#mode?.[verb]?.(this.#event(event.point, event.lngLat, event.originalEvent), event));
  }

  /** Puts a cross-hair on the map or takes it away: drawing without a pointer. */
  cross() {
    if (this.#cross) return this.#hideCross();
    const { width, height } = this.host.getBoundingClientRect();
    this.#cross = { x: width / 2, y: height / 2, node: el("div", { class: "crosshair" }, icon("crosshair")) };
    this.host.append(this.#cross.node);
    this.canvas.gl.keyboard.disable();
    this.canvas.gl.getCanvas().focus();
    this.#moveCross(0, 0);
    return true;
  }

  #hideCross() {
    if (!this.#cross) return false;
    this.#cross.node.remove();
    this.#cross = null;
    this.canvas.gl.keyboard.enable();
    return true;
  }

  #crossEvent() {
    return this.#event(this.#cross, this.canvas.gl.unproject([this.#cross.x, this.#cross.y]));
  }

  #moveCross(dx, dy) {
    const { width, height } = this.host.getBoundingClientRect();
    this.#cross.x = Math.max(0, Math.min(width, this.#cross.x + dx));
    this.#cross.y = Math.max(0, Math.min(height, this.#cross.y + dy));
    this.#cross.node.style.left = `${this.#cross.x}px`;
    this.#cross.node.style.top = `${this.#cross.y}px`;
    const made = this.#crossEvent();
    foot.here(made.raw);
    tip.move(made.point);
    this.#mode?.hover(made);
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether the desk used it */
  key(event) {
    if (this.#cross && event.key in ARROWS) {
      const step = event.shiftKey ? 1 : STEP_PX;
      this.#moveCross(...ARROWS[event.key].map((sign) => sign * step));
      return true;
    }
    if (this.#cross && event.key === " ") {
      this.#mode?.press(this.#crossEvent());
      return true;
    }
    return this.#mode?.key(event) ?? false;
  }

  /** One step back: drawing, tool, cross-hair, selection, level. @returns {boolean} */
  escape() {
    if (this.#mode?.escape()) return true;
    if (page.tool !== "select") {
      this.use("select");
      return true;
    }
    return this.#hideCross();
  }
}
