// The hand that paints: mouse or one finger; two fingers, the wheel and the other buttons of the mouse still move the map.
import { t } from "../data/i18n.js";
import { el } from "../ui/dom.js";
import { tip } from "../ui/tip.js";
import { plane } from "./plane.js";

const FREEHAND_PX = 5;

/** Owns the stroke on its way and the ring that shows its size. Verbs: take, lay, halt, down, hover, up, out, ring. */
export class BrushHand {
  #ring = null;
  #last = null; // pixel of the stroke on its way
  #trail = []; // of a lasso or box, in pixels
  #pulled = null; // pixel where the map is held
  /** whether a click that comes now only ends a stroke */
  stroked = false;
  #touch = {
    touchstart: (event) => this.#touchStart(event),
    touchmove: (event) => this.#touchMove(event),
    touchend: (event) => this.#touchEnd(event),
    touchcancel: () => this.#cancel(),
    contextmenu: (event) => event.preventDefault(),
  };
  #released = () => this.up(); // also outside of the map

  /** @param {import("./desk.js").Desk} desk @param {import("./modes/brush_mode.js").BrushMode} mode */
  constructor(desk, mode) {
    this.desk = desk;
    this.mode = mode;
  }

  get #gl() {
    return this.desk.canvas.gl;
  }

  take() {
    this.#ring = el("div", { class: "brush-ring", hidden: true });
    this.desk.host.append(this.#ring);
    for (const [name, verb] of Object.entries(this.#touch)) this.#gl.on(name, verb);
    addEventListener("mouseup", this.#released);
    this.ring();
  }

  lay() {
    this.#cancel();
    for (const [name, verb] of Object.entries(this.#touch)) this.#gl.off(name, verb);
    removeEventListener("mouseup", this.#released);
    this.#ring?.remove();
    this.#ring = null;
  }

  /** The ring has the size of the brush. */
  ring() {
    if (!this.#ring) return;
    const size = `${2 * this.mode.radius}px`;
    Object.assign(this.#ring.style, { width: size, height: size });
    this.#ring.classList.toggle("takes", !this.mode.adds);
    if (this.mode.way !== "brush") this.#ring.hidden = true;
  }

  #put({ x, y }) {
    if (!this.#ring || this.mode.way !== "brush") return;
    this.#ring.hidden = false;
    this.#ring.style.transform = `translate(${x - this.mode.radius}px, ${y - this.mode.radius}px)`;
  }

  // ---- mouse -----------------------------------------------------------------------------------------------------------
  down(stop, event) {
    const { button, ctrlKey, metaKey } = event.originalEvent;
    if (button !== 0) {
      event.preventDefault();
      this.#pulled = stop.point;
    }
    if (button !== 0 || stop.alt || !this.mode.to || !this.mode.near) return;
    event.preventDefault(); // the map stays where it is
    this.#begin(stop.point, ctrlKey || metaKey);
  }

  hover(stop) {
    this.#put(stop.point);
    if (this.#pulled) {
      this.#gl.panBy([this.#pulled.x - stop.point.x, this.#pulled.y - stop.point.y], { duration: 0 });
      this.#pulled = stop.point;
      return;
    }
    if (this.#last) this.#go(stop.point);
    else if (this.mode.strokes.empty) tip.show([el("div", { class: "x" }, this.#next())], "quiet");
  }

  /** What to do next, in one line. */
  #next() {
    if (!this.mode.near) return t("brush.closer");
    return this.mode.to ? t(`brush.begin-${this.mode.way}`) : t("brush.pick");
  }

  up() {
    this.#pulled = null;
    this.#end();
  }

  out() {
    if (this.#ring) this.#ring.hidden = true;
  }

  // ---- fingers ---------------------------------------------------------------------------------------------------------
  #touchStart(event) {
    if (event.points.length > 1) return void this.#cancel(); // the second finger moves the map
    if (!this.mode.to || !this.mode.near) return;
    event.preventDefault();
    tip.move(event.point);
    this.#begin(event.point, false);
  }

  #touchMove(event) {
    if (!this.#last || event.points.length > 1) return;
    this.#put(event.point);
    this.#go(event.point);
  }

  #touchEnd(event) {
    if (!this.#last) return;
    event.originalEvent.preventDefault(); // no click comes of it
    this.#end();
    this.out();
  }

  // ---- the stroke ------------------------------------------------------------------------------------------------------
  #begin(point, out) {
    this.mode.begin(out);
    this.#last = point;
    this.#trail = [point];
    if (this.mode.way === "brush") this.#paint(point);
  }

  #go(point) {
    const [dx, dy] = [point.x - this.#last.x, point.y - this.#last.y];
    const far = Math.hypot(dx, dy);
    if (this.mode.way !== "brush") {
      if (this.mode.way === "lasso" && far < FREEHAND_PX) return;
      this.#trail = this.mode.way === "box" ? [this.#trail[0], point] : [...this.#trail, point];
      this.#last = point;
      this.#outline();
      return;
    }
    const steps = Math.max(1, Math.ceil(far / this.mode.radius));
    for (let i = 1; i <= steps; i++) this.#paint({ x: this.#last.x + (dx * i) / steps, y: this.#last.y + (dy * i) / steps });
    this.#last = point;
  }

  #paint({ x, y }) {
    const r = this.mode.radius * 0.8; // the square that does the work of the ring
    this.mode.paint(this.desk.canvas.buildingsIn([[x - r, y - r], [x + r, y + r]]).map(({ id }) => id));
  }

  /** The corners of the lasso or box, in pixels. */
  #corners() {
    if (this.mode.way === "lasso") return this.#trail;
    const [a, b = a] = this.#trail;
    return [a, { x: b.x, y: a.y }, b, { x: a.x, y: b.y }];
  }

  #outline() {
    const ring = [...this.#corners(), this.#trail[0]].map(({ x, y }) => this.#gl.unproject([x, y]).toArray());
    const feature = (kind, type, coordinates) => ({ type: "Feature", properties: { kind }, geometry: { type, coordinates } });
    this.desk.canvas.show("draft", ring.length > 3 ? [feature("fill", "Polygon", [ring]), feature("line", "LineString", ring)] : []);
  }

  #end() {
    if (!this.#last) return;
    if (this.mode.way !== "brush") {
      this.mode.paint(this.#inside());
      this.desk.canvas.show("draft", []);
    }
    this.#last = null;
    this.stroked = true; // the click comes at once, or never
    setTimeout(() => {
      this.stroked = false;
    }, 0);
    this.mode.end();
  }

  /** The buildings whose middle lies inside. A box or lasso that is a mere click takes the one under it. */
  #inside() {
    const ring = this.#corners();
    const [xs, ys] = [ring.map((p) => p.x), ring.map((p) => p.y)];
    const box = [
      [Math.min(...xs), Math.min(...ys)],
      [Math.max(...xs), Math.max(...ys)],
    ];
    const found = this.desk.canvas.buildingsIn(box);
    if (Math.hypot(box[1][0] - box[0][0], box[1][1] - box[0][1]) < FREEHAND_PX) return found.map(({ id }) => id);
    const polygon = [[ring.map(({ x, y }) => [x, y])]];
    const inside = ({ geometry }) => {
      const { x, y } = this.#gl.project(plane.inner(geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates));
      return plane.inside([x, y], polygon);
    };
    return found.filter(inside).map(({ id }) => id);
  }

  /** What was painted was taken back under the hand: the stroke does not go on. */
  halt() {
    this.#last = null;
  }

  #cancel() {
    if (this.#last) this.mode.back();
  }
}
