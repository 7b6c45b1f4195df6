// The tool Vertex: drag a vertex of a border, or pick it up and put it down, and all areas that share it follow; a click on a
// middle adds one, Delete takes one away. What each area gets is shown before Enter saves it.
import { t } from "../../data/i18n.js";
import { page } from "../../data/page.js";
import { el } from "../../ui/dom.js";
import { hint } from "../../ui/hint.js";
import { icon } from "../../ui/icon.js";
import { say } from "../../ui/say.js";
import { side } from "../../ui/side.js";
import { tip } from "../../ui/tip.js";
import { Fingers } from "../fingers.js";
import { Handles } from "../handles.js";
import { split } from "../operations/split.js";
import { VertexHand } from "../vertex_hand.js";

const MOVED_PX = 4;
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const point = (kind, place) => ({ type: "Feature", properties: { kind }, geometry: { type: "Point", coordinates: place } });
const quiet = (...words) => tip.show([el("div", { class: "x" }, ...words)], "quiet");
const sharing = ({ shared }) => t("vertex.shared", { n: shared.length, count: shared.length });

/** Owns the handles shown and the way they are taken: by pointer, finger or key. */
export class VertexMode {
  cursor = "picks";
  snaps = true; // to roads and buildings; on borders a vertex has nothing to look for
  #drag = null; // where the button went down
  #waited = false; // a moved vertex was to be saved when it was last drawn
  #last = null; // code of the area that had its handles shown before it was saved

  /** @param {import("../desk.js").Desk} desk */
  constructor(desk) {
    this.desk = desk;
    this.handles = new Handles(desk.canvas, desk.coverage, () => (desk.fingers.on ? Fingers.REACH_PX : Handles.REACH_PX));
    this.hand = new VertexHand(desk, {
      draw: () => this.#draw(),
      carried: () => Boolean(this.#drag),
      saved: () => {
        this.#last = this.handles.area?.code ?? null;
        this.handles.of(null); // those of before
        this.#offer();
      },
    });
    const { gl } = desk.canvas;
    gl.on("touchstart", (event) => page.tool === "vertex" && this.#touched(event));
    gl.on("touchcancel", () => this.#release());
    gl.on("touchmove", (event) => this.#drag && this.#carry({ place: [event.lngLat.lng, event.lngLat.lat], point: event.point }));
    gl.on("touchend", () => this.#drag && this.up());
    page.on("selection", () => page.tool === "vertex" && !this.busy && this.#look(this.#selected()));
  }

  /** Something is in hand: no card takes its place in the panel. */
  get busy() {
    return Boolean(this.hand.chosen);
  }

  get preview() {
    return this.hand.preview;
  }

  enter() {
    this.#guide();
    this.#look(this.#selected());
  }

  /** The line of the tool in the context bar. */
  #guide() {
    hint.show(t(!split.near() ? "split.closer" : this.hand.waits ? "vertex.waits" : "hint.vertex"));
  }

  leave() {
    this.#drop();
    this.#look(null);
    this.desk.tell.card();
  }

  /** The exact shapes were read anew. */
  shaped() {
    if (side.asks) return;
    const code = this.handles.area?.code ?? this.#last;
    this.#look((code && this.desk.coverage.byCode(code)) || this.#selected());
  }

  #selected() {
    return split.near() ? page.selection.map((entry) => this.desk.coverage.byCode(entry.code)).find(Boolean) ?? null : null;
  }

  #look(area) {
    this.handles.of(area);
    this.#draw();
  }

  #draw() {
    const { near, list } = this.handles;
    if (page.tool === "vertex" && this.#waited !== this.hand.waits) this.#guide();
    this.#waited = this.hand.waits;
    const shown = this.busy ? this.hand.features() : list.map((handle) => point(handle.kind, handle.place));
    if (!this.busy && near) shown.push(point("snap", near.place));
    this.desk.canvas.show("draft", shown);
    this.#offer();
  }

  /** Buttons for fingers, as long as a vertex is in hand. */
  #offer() {
    const { chosen, waits } = this.hand;
    const verbs = { cancel: () => this.escape() };
    if (chosen && !chosen.gone) verbs.remove = () => this.#remove();
    if (waits) verbs.finish = () => this.hand.finish();
    this.desk.fingers.offer(chosen ? verbs : null);
  }

  // ---- the pointer -----------------------------------------------------------------------------------------------------
  press(stop) {
    if (!split.near()) return;
    const { chosen } = this.hand;
    if (chosen?.follows) return void this.#put(stop);
    if (chosen && !chosen.gone && this.#onHandle(stop)) {
      chosen.follows = true;
      this.#draw();
      return;
    }
    if (this.hand.waits) return void this.#tellWaits(stop);
    if (chosen) this.#drop();
    this.hover(stop);
    const handle = this.handles.at(stop.point);
    if (!handle) return;
    if (handle.kind === "mid") this.hand.insert(handle, this.handles.area);
    else this.hand.take(handle, true);
  }

  #tellWaits(stop) {
    tip.move(stop.point);
    this.hand.tellWaits();
  }

  #onHandle({ point: { x, y } }) {
    const p = this.desk.canvas.gl.project(this.hand.chosen.to);
    return Math.hypot(p.x - x, p.y - y) < this.handles.reach();
  }

  down(stop, event) {
    if (event.originalEvent.button !== 0 || !split.near()) return;
    if (!this.busy) this.handles.under(stop);
    if (this.#grab(stop)) event.preventDefault(); // the map stays where it is
  }

  #touched(event) {
    if (event.points.length > 1) return void this.#release();
    const stop = { place: [event.lngLat.lng, event.lngLat.lat], point: event.point, kind: null };
    this.handles.under(stop);
    if (this.#grab(stop)) event.preventDefault();
  }

  #grab(stop) {
    const { chosen } = this.hand;
    const again = chosen && !chosen.gone && this.#onHandle(stop);
    const handle = again ? chosen.handle : chosen ? null : this.handles.at(stop.point);
    if (!handle || handle.kind !== "vertex") return false;
    this.#drag = { from: stop.point, handle, moved: false, back: again ? chosen.to : null };
    return true;
  }

  /** A second finger moves the map, or the system took the touch: the vertex goes back to where this finger took it. */
  #release() {
    const drag = this.#drag;
    this.#drag = null;
    if (!drag?.moved) return;
    if (drag.back) this.hand.to({ place: drag.back, kind: null });
    else this.escape();
  }

  #carry(stop) {
    const drag = this.#drag;
    drag.moved ||= Math.hypot(stop.point.x - drag.from.x, stop.point.y - drag.from.y) > MOVED_PX;
    if (!drag.moved) return;
    if (!this.busy) this.hand.take(drag.handle, false);
    tip.move(stop.point);
    this.hand.to(stop);
  }

  up() {
    const drag = this.#drag;
    this.#drag = null;
    if (!drag?.moved) return;
    this.#draw();
    this.hand.put();
  }

  hover(stop) {
    if (this.#drag) return void this.#carry(stop);
    if (this.hand.chosen?.follows) return void this.hand.to(stop);
    if (this.busy) return;
    if (!split.near()) return void quiet(t("split.closer"));
    if (this.handles.under(stop)) this.#draw();
    const { near } = this.handles;
    if (!near) tip.hide();
    else if (near.kind === "fixed") tip.show([el("div", { class: "r" }, icon("lock", "s"), t("vertex.fixed"))], "quiet");
    else quiet(near.kind === "mid" ? t("vertex.add") : sharing(near));
  }

  #put(stop) {
    const { chosen } = this.hand;
    const from = this.desk.canvas.gl.project(chosen.handle.place);
    if (Math.hypot(from.x - stop.point.x, from.y - stop.point.y) < MOVED_PX) return; // the second half of a double click
    this.hand.to(stop);
    chosen.follows = false;
    this.hand.put();
  }

  double() {}

  // ---- keys ------------------------------------------------------------------------------------------------------------
  key(event) {
    const { chosen } = this.hand;
    if (["[", "]"].includes(event.key)) return this.#step(event.key === "]" ? 1 : -1);
    if (event.key in STEPS && chosen && !chosen.gone) return this.#nudge(event);
    if (event.key === "Delete") return this.#remove();
    if (event.key === "Backspace" && chosen) return this.escape();
    if (event.key === "Enter" && chosen) {
      chosen.follows = false;
      this.hand.finish();
      return true;
    }
    return false;
  }

  /** The vertex after the one in hand, or before it, around the area; the first when none is. */
  #step(by) {
    const found = this.handles.list.filter((handle) => handle.kind === "vertex");
    if (!found.length) return say.politely(t(split.near() ? "vertex.pick" : "split.closer")), true;
    if (this.hand.waits) return this.hand.tellWaits(), true;
    const now = found.indexOf(this.hand.chosen?.handle);
    this.#drop();
    const next = found[(now + by + found.length) % found.length] ?? found[0];
    this.hand.take(next, false);
    this.desk.canvas.gl.keyboard.disable(); // the arrows are the vertex's as long as it is in hand
    tip.move(this.desk.canvas.gl.project(next.place));
    quiet(sharing(next));
    return true;
  }

  /** An arrow moves the vertex in hand ten pixels, with Shift one. */
  #nudge(event) {
    const { gl } = this.desk.canvas;
    const [dx, dy] = STEPS[event.key].map((sign) => sign * (event.shiftKey ? 1 : 10));
    const from = gl.project(this.hand.chosen.to);
    const { lng, lat } = gl.unproject([from.x + dx, from.y + dy]);
    tip.move({ x: from.x + dx, y: from.y + dy });
    this.hand.to({ place: [lng, lat], kind: null });
    return true;
  }

  #remove() {
    const handle = this.hand.chosen?.handle ?? this.handles.near;
    if (!handle || handle.kind === "mid") return false;
    this.hand.remove(handle);
    return true;
  }

  escape() {
    return this.hand.escape();
  }

  #drop() {
    this.#drag = null;
    this.hand.drop();
  }
}
