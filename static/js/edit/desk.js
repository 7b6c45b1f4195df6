// The drawing desk: holds the tool in hand and hands it the pointer, the keys and the cross-hair.
import { t } from "../data/i18n.js";
import { mode } from "../data/mode.js";
import { page } from "../data/page.js";
import { foot } from "../ui/foot.js";
import { hint } from "../ui/hint.js";
import { say } from "../ui/say.js";
import { side } from "../ui/side.js";
import { tip } from "../ui/tip.js";
import { toast } from "../ui/toast.js";
import { Coverage } from "./coverage.js";
import { Crosshair } from "./crosshair.js";
import { Fingers } from "./fingers.js";
import { undecided } from "./save.js";
import { Snapper } from "./snapping.js";
import { WRITING } from "./tools.js";
import { Tracer } from "./tracing.js";
import { Walker } from "./walker.js";

const SAME_PX = 4,
  SPARED_PX = 16;

/** Owns the tool in hand, the exact shapes in view and the cross-hair. Verbs: use, key, escape, cross, walk, typed. */
export class Desk {
  #cross;
  #walker;
  #mode = null;
  #pointer = "";
  #under = "";
  #lent = false; // points land on roads only for as long as the drawing follows them

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
    this.posts = null; // those of the map, set by the page
    this.snapper = new Snapper(canvas, this.coverage);
    this.tracer = new Tracer(canvas, this.coverage);
    this.host = canvas.gl.getContainer().parentElement;
    this.fingers = new Fingers(canvas, this.host, (event) => this.#heldStill(event));
    this.modes = Object.fromEntries(Object.entries(modes).map(([id, make]) => [id, make(this)]));
    this.#cross = new Crosshair(canvas, this.host, () => this.#crossed());
    this.#walker = new Walker(canvas);
    this.#listen();
  }

  get mode() {
    return this.#mode;
  }

  /**
   * @param {string} id of a tool; the drawing of the tool before is dropped
   * @param {boolean} [byKey] chosen without a pointer: a tool that draws gets a cross-hair
   */
  use(id, byKey = false) {
    this.#take(id);
    if (byKey && this.#draws && page.tool === id) this.#cross.show();
    else if (byKey) this.canvas.gl.getCanvas().focus();
  }

  #take(id) {
    const next = this.modes[id];
    if (!next || next === this.#mode) return;
    if (WRITING.has(id) && mode.why()) return void toast(mode.why(), { kind: "bad" });
    if (this.#held()) return;
    const before = this.#mode;
    this.#mode = next;
    page.set({ tool: id });
    before?.leave(); // now that it is no longer in hand: its panel makes room for the card
    tip.hide();
    for (const cursor of ["draws", "picks", "refuses"]) this.host.classList.toggle(cursor, next.cursor === cursor);
    hint.show();
    this.chips();
    if (next.snaps) this.shapes();
    else page.set({ crowded: false }); // it was said of exact shapes, which this tool does not need
    next.enter();
    if (!this.#draws) this.#cross.hide();
  }

  /** Whether what was drawn waits for a decision at the side: until then nothing may change it. Says so. */
  #held() {
    if (!undecided()) return false;
    toast(t("conflict.first"), { kind: "info" });
    return true;
  }

  /** What the drawing snaps to and whether it follows lines, shown where the tool asks for it. */
  chips() {
    const verbs = this.#mode.traces ? { on: this.tracer.on, toggle: () => this.trace() } : null;
    hint.snaps(this.#mode.snaps ? this.snapper : null, verbs);
  }

  /** The drawing follows borders and roads from now on, or no more: for that, points have to land on roads. */
  trace() {
    if (!this.#mode.traces) return;
    say.politely(t(this.tracer.toggle() ? "trace.on" : "trace.off"));
    if (this.tracer.on !== this.snapper.on.roads && (this.tracer.on || this.#lent)) {
      this.#lent = this.tracer.on;
      this.snapper.on.roads = this.tracer.on;
    }
    this.chips();
  }

  /** Reads the exact shapes in view when the tool needs them. */
  async shapes() {
    await this.coverage.load().catch(() => null);
    this.tracer.load();
    this.#mode?.shaped?.();
  }

  #event(point, lngLat, original = {}) {
    const place = [lngLat.lng, lngLat.lat];
    const snaps = this.#mode?.snaps && !original.altKey;
    const landed = snaps ? this.snapper.snap(place, point, this.fingers.on ? Fingers.REACH_PX : undefined) : { place, kind: null };
    const pixel = { x: point.x, y: point.y };
    const last = this.#mode?.draft?.points.at(-1);
    return {
      ...landed,
      via: last && landed.kind && this.#mode.traces ? this.tracer.way(last, landed, this.snapper.on.roads) : [],
      finger: this.fingers.on,
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
      if (this.fingers.hushed) return;
      this.#cross.hide();
      this.#walker.leave();
      if (this.#held()) return;
      this.#mode?.press(this.#event(event.point, event.lngLat, event.originalEvent));
    });
    gl.on("dblclick", (event) => {
      event.preventDefault();
      if (undecided()) return;
      this.#mode?.double(this.#event(event.point, event.lngLat, event.originalEvent));
    });
    gl.on("mousemove", (event) => {
      const { clientX, clientY } = event.originalEvent;
      const still = this.#pointer === `${clientX} ${clientY}`; // the page moved under a pointer that rests
      this.#pointer = `${clientX} ${clientY}`;
      if (still || this.fingers.hushed) return;
      this.#cross.hide();
      const last = this.#mode?.draft?.points.at(-1);
      if (last) last.point = this.canvas.gl.project(last.place); // the map may have moved since
      const made = this.#event(event.point, event.lngLat, event.originalEvent);
      tip.move(made.point);
      this.#mode?.hover(made);
    });
    tip.over(gl, () => (this.fingers.on ? this.#drawn() : []));
    gl.on("move", () => this.fingers.on && tip.along()); // no pointer takes it along
    gl.on("mouseout", () => this.#mode?.out?.());
    gl.on("moveend", () => {
      if (this.#mode?.snaps) this.shapes();
    });
    for (const [name, verb] of [
      ["mousedown", "down"],
      ["mouseup", "up"],
    ])
      gl.on(name, (event) => undecided() || this.#mode?.[verb]?.(this.#event(event.point, event.lngLat, event.originalEvent), event));
  }

  /** Pixels along what is drawn: with fingers the tip stays where the last one was, and must not lie over it. */
  #drawn() {
    const pixels = (this.#mode?.draft?.line?.() ?? []).map((place) => this.canvas.gl.project(place));
    const between = (a, b) => {
      const steps = Math.max(1, Math.ceil(Math.hypot(b.x - a.x, b.y - a.y) / SPARED_PX));
      return Array.from({ length: steps }, (_, i) => ({ x: a.x + ((b.x - a.x) * i) / steps, y: a.y + ((b.y - a.y) * i) / steps }));
    };
    return [...pixels.slice(1).flatMap((pixel, i) => between(pixels[i], pixel)), ...pixels.slice(-1)];
  }

  /**
   * A finger stays where it is: on the last point, or on the first of a ring, the drawing is saved; elsewhere it is a slow tap
   * and puts a point. @returns {boolean} whether it was of use
   */
  #heldStill({ point, lngLat }) {
    if (!this.#draws || !this.#mode.finish || undecided()) return false;
    const { draft } = this.#mode;
    const on = (stop) => {
      const at = stop && this.canvas.gl.project(stop.place);
      return Boolean(at) && Math.hypot(at.x - point.x, at.y - point.y) <= Fingers.REACH_PX;
    };
    const ends = on(draft.points.at(-1)),
      closes = draft.points.length > 2 && on(draft.points[0]);
    if (!ends) this.#press(this.#event(point, lngLat));
    if (ends || (closes && draft.closed)) this.#mode.finish();
    return true;
  }

  /** Puts a cross-hair on the map or takes it away: drawing without a pointer. */
  cross() {
    if (!this.#cross.hide()) this.#cross.show();
    return true;
  }

  #crossEvent() {
    return this.#event(this.#cross.point, this.#cross.lngLat);
  }

  /** The cross-hair stands elsewhere: what is under it is told as it is to the pointer, in words too. */
  #crossed() {
    const made = this.#crossEvent();
    foot.here(made.raw);
    tip.move(made.point);
    this.#mode?.hover(made);
    const area = made.area();
    const words = [area ? this.#walker.words(area) : null, made.kind ? t(`snap.to-${made.kind}`) : null].filter(Boolean).join(", ");
    if (words !== this.#under && !this.#mode?.preview?.form) say.politely(words);
    this.#under = words;
  }

  /** A typed place: the cross-hair goes there; a drawing gets exactly this point. @param {[number, number]} place */
  typed(place) {
    this.#cross.show();
    this.#cross.to(place, true);
    if (this.#draws) this.#press({ ...this.#crossEvent(), place, raw: place, kind: null, via: [] });
  }

  /** Whether something is drawn, painted or moved that nobody has saved: whoever leaves the page would lose it. */
  get unsaved() {
    const { draft, busy } = this.#mode ?? {};
    return WRITING.has(page.tool) && Boolean(busy || (draft && !draft.empty));
  }

  get #draws() {
    return Boolean(this.#mode?.draft) && this.#mode.drags !== false;
  }

  /** Pixels of points put down before the map moved are old. */
  #press(stop) {
    if (this.#held()) return;
    for (const point of this.#mode?.draft?.points ?? []) point.point = this.canvas.gl.project(point.place);
    this.#mode?.press(stop);
  }

  /** The next area in view, or the one before. @param {1 | -1} by @returns {boolean} false: the focus may go on */
  walk(by) {
    if (this.#mode?.draft && !this.#mode.draft.empty) return false;
    const area = this.#walker.step(by);
    if (!area) return false;
    const { place, ...chosen } = area;
    if (this.#cross.on) this.#cross.to(place);
    if (!this.#mode?.picked) page.set({ selection: [chosen] });
    return true;
  }

  /** Where Space and Enter act: under the cross-hair, else on the area one has walked to. */
  #here() {
    const { area } = this.#walker;
    if (this.#cross.on && (!area || this.#draws)) return this.#crossEvent();
    if (!area) return null;
    const point = this.canvas.gl.project(area.place);
    return { ...this.#event(point, { lng: area.place[0], lat: area.place[1] }), area: () => area };
  }

  /** Enter on a new place adds it; on the same place, or once the drawing is complete, it finishes. */
  #enter(event) {
    const stop = this.#here();
    if (!stop) return false;
    if (this.#draws) {
      const { draft } = this.#mode,
        last = draft.points.at(-1);
      const at = last && this.canvas.gl.project(last.place);
      const same = last && (Math.hypot(at.x - stop.point.x, at.y - stop.point.y) < SAME_PX || String(last.place) === String(stop.place));
      if (draft.closed || same) return this.#mode.key(event);
      this.#press(stop);
      return true;
    }
    const area = stop.area();
    if (!area || !this.#mode?.picked || this.#mode.picked(area, stop)) return false;
    this.#press(stop);
    return true;
  }

  /** Saves what is shown, or says why that cannot be. */
  finish() {
    if (!side.asks) this.#mode?.finish?.();
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether the desk used it */
  key(event) {
    if (undecided()) return false;
    if (this.#cross.on && this.#cross.key(event)) {
      this.#walker.leave();
      return true;
    }
    if (event.key === " ") {
      const stop = this.#here();
      if (stop) this.#press({ ...stop, shift: event.shiftKey });
      return Boolean(stop);
    }
    if (event.key === "Enter" && this.#enter(event)) return true;
    return this.#mode?.key(event) ?? false;
  }

  /** One step back: drawing, tool, cross-hair, selection, level. @returns {boolean} */
  escape() {
    if (this.#held()) return true;
    if (this.#mode?.escape()) return true;
    if (page.tool !== "select") {
      this.use("select");
      this.#cross.hide();
      return true;
    }
    return this.#cross.hide();
  }
}
