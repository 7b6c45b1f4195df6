// The tool Vertex: drag a vertex of a border, or pick it up and put it down, and all areas that share it follow; a click on a
// middle adds one, Delete takes one away. What each area gets is shown before Enter saves it.
import { api } from "../../data/api.js";
import { boot } from "../../data/boot.js";
import { format } from "../../data/format.js";
import { geodesy } from "../../data/geodesy.js";
import { t } from "../../data/i18n.js";
import { page } from "../../data/page.js";
import { borderPanel } from "../../ui/border_panel.js";
import { borderTip } from "../../ui/border_tip.js";
import { el } from "../../ui/dom.js";
import { hint } from "../../ui/hint.js";
import { icon } from "../../ui/icon.js";
import { places } from "../../ui/places.js";
import { say } from "../../ui/say.js";
import { side } from "../../ui/side.js";
import { tip } from "../../ui/tip.js";
import { Handles } from "../handles.js";
import { MovedView } from "../moved_view.js";
import { border } from "../operations/border.js";
import { split } from "../operations/split.js";
import { vertex } from "../operations/vertex.js";
import { Preview } from "../preview.js";
import { save } from "../save.js";

const MOVED_PX = 4;
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const point = (kind, place) => ({ type: "Feature", properties: { kind }, geometry: { type: "Point", coordinates: place } });
const line = (coordinates) => ({ type: "Feature", properties: { kind: "line" }, geometry: { type: "LineString", coordinates } });

/** Owns the vertex in hand. */
export class VertexMode {
  cursor = "picks";
  snaps = true; // to roads and buildings; on borders a vertex has nothing to look for
  #chosen = null; // vertex in hand: {handle, to, follows, gone}
  #drag = null; // where the button went down
  #refusal = null;
  #last = null; // code of the area that had its handles shown before it was saved

  /** @param {import("../desk.js").Desk} desk */
  constructor(desk) {
    this.desk = desk;
    this.view = new MovedView(desk.canvas);
    this.handles = new Handles(desk.canvas, desk.coverage);
    this.preview = new Preview((form, signal) => api.post(boot.urls.preview, { body: form, signal }), {
      onAnswer: (answer) => this.#answered(answer),
      onRefusal: (error) => this.#refused(error),
      onSlow: () => tip.wait(),
    });
    const { gl } = desk.canvas;
    gl.on("touchstart", (event) => page.tool === "vertex" && this.#touched(event));
    gl.on("touchmove", (event) => this.#drag && this.#carry({ place: [event.lngLat.lng, event.lngLat.lat], point: event.point }));
    gl.on("touchend", () => this.#drag && this.up());
    page.on("selection", () => page.tool === "vertex" && !this.#chosen && this.#look(this.#selected()));
  }

  enter() {
    hint.show(t(split.near() ? "hint.vertex" : "split.closer"));
    this.#look(this.#selected());
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
    const made = [];
    if (this.#chosen) {
      const { handle, to, gone } = this.#chosen;
      const arms = vertex.arms(handle.place, handle.shared);
      if (gone && arms.length === 2) made.push(line(arms));
      if (!gone) for (const arm of arms) made.push(line([to, arm]));
      made.push(point("snap", gone ? handle.place : to), point(gone ? "new" : "vertex", gone ? handle.place : to));
      if (this.#refusal?.where) made.push(point("new", this.#refusal.where));
    } else {
      for (const handle of this.handles.list) made.push(point(handle.kind, handle.place));
      if (this.handles.near) made.push(point("snap", this.handles.near.place));
    }
    this.desk.canvas.show("draft", made);
  }

  /** Something is in hand: no card takes its place in the panel. */
  get busy() {
    return Boolean(this.#chosen);
  }

  press(stop) {
    if (!split.near()) return;
    if (this.#chosen?.follows) return void this.#put(stop);
    if (this.#chosen) {
      if (!this.#chosen.gone && this.#onHandle(stop)) this.#chosen.follows = true;
      return;
    }
    this.hover(stop);
    const handle = this.handles.at(stop.point);
    if (!handle) return;
    if (handle.kind === "mid") return void this.#insert(handle);
    this.#choose(handle, true);
  }

  #onHandle({ point: { x, y } }) {
    const p = this.desk.canvas.gl.project(this.#chosen.to);
    return Math.hypot(p.x - x, p.y - y) < Handles.REACH_PX;
  }

  #choose(handle, follows) {
    if (handle.kind === "fixed") return void this.#tellFixed();
    this.#chosen = { handle, to: handle.place, follows, gone: false };
    this.#draw();
    say.politely(t("vertex.chosen", { n: handle.shared.length, count: handle.shared.length }));
  }

  #tellFixed() {
    tip.show([el("div", { class: "r" }, icon("lock", "s"), t("vertex.fixed"))], "refused");
    say.politely(t("vertex.fixed"));
  }

  down(stop, event) {
    if (event.originalEvent.button !== 0 || !split.near()) return;
    if (!this.#chosen) this.handles.under(stop);
    if (this.#take(stop)) event.preventDefault(); // the map stays where it is
  }

  #touched(event) {
    if (event.points.length > 1) return;
    const stop = { place: [event.lngLat.lng, event.lngLat.lat], point: event.point, kind: null };
    this.handles.under(stop);
    if (this.#take(stop)) event.preventDefault();
  }

  #take(stop) {
    const again = this.#chosen && !this.#chosen.gone && this.#onHandle(stop);
    const handle = again ? this.#chosen.handle : this.#chosen ? null : this.handles.at(stop.point);
    if (!handle || handle.kind !== "vertex") return false;
    this.#drag = { from: stop.point, handle, moved: false };
    return true;
  }

  #carry(stop) {
    const drag = this.#drag;
    drag.moved ||= Math.hypot(stop.point.x - drag.from.x, stop.point.y - drag.from.y) > MOVED_PX;
    if (!drag.moved) return;
    if (!this.#chosen) this.#choose(drag.handle, false);
    tip.move(stop.point);
    this.#follow(stop);
  }

  up() {
    const drag = this.#drag;
    this.#drag = null;
    if (drag?.moved) this.#settled();
  }

  hover(stop) {
    if (this.#drag) return void this.#carry(stop);
    if (this.#chosen?.follows) return void this.#follow(stop);
    if (this.#chosen) return;
    if (!split.near()) return void tip.show([el("div", { class: "x" }, t("split.closer"))], "quiet");
    if (this.handles.under(stop)) this.#draw();
    const { near } = this.handles;
    if (!near) return void tip.hide();
    if (near.kind === "fixed") return void tip.show([el("div", { class: "r" }, icon("lock", "s"), t("vertex.fixed"))], "quiet");
    const words = near.kind === "mid" ? t("vertex.add") : t("vertex.shared", { n: near.shared.length, count: near.shared.length });
    tip.show([el("div", { class: "x" }, words)], "quiet");
  }

  /** The vertex goes with the pointer; it looks for roads and buildings only. */
  #follow(stop) {
    const to = stop.kind === "vertex" || stop.kind === "border" ? stop.raw : stop.place;
    this.#chosen.to = to;
    this.#refusal = null;
    this.#draw();
    this.preview.ask(vertex.move(this.#chosen.handle.place, to));
  }

  #put(stop) {
    const from = this.desk.canvas.gl.project(this.#chosen.handle.place);
    if (Math.hypot(from.x - stop.point.x, from.y - stop.point.y) < MOVED_PX) return; // the second half of a double click
    this.#follow(stop);
    this.#chosen.follows = false;
    this.#settled();
  }

  /** The vertex was let go: what cannot be goes back to where it was. */
  async #settled() {
    const chosen = this.#chosen;
    await this.preview.settle();
    if (this.#chosen !== chosen || !chosen) return;
    if (this.preview.form ?? this.preview.stale) return void say.politely(t("vertex.put"));
    const words = this.#refusal?.words;
    this.escape();
    if (words) tip.show([el("div", { class: "r" }, icon("bad", "s"), words)], "refused");
  }

  double() {}

  key(event) {
    if (["[", "]"].includes(event.key)) return this.#step(event.key === "]" ? 1 : -1);
    if (event.key in STEPS && this.#chosen && !this.#chosen.gone) return this.#nudge(event);
    if (event.key === "Delete") return this.#remove();
    if (event.key === "Backspace" && this.#chosen) return this.escape();
    if (event.key === "Enter" && this.#chosen) {
      this.#chosen.follows = false;
      this.finish();
      return true;
    }
    return false;
  }

  /** The vertex after the one in hand, or before it, around the area; the first when none is. */
  #step(by) {
    const found = this.handles.list.filter((handle) => handle.kind === "vertex");
    if (!found.length) return false;
    const now = found.indexOf(this.#chosen?.handle);
    this.#drop();
    const next = found[(now + by + found.length) % found.length] ?? found[0];
    this.#choose(next, false);
    this.desk.canvas.gl.keyboard.disable(); // the arrows are the vertex's as long as it is in hand
    tip.move(this.desk.canvas.gl.project(next.place));
    tip.show([el("div", { class: "x" }, t("vertex.shared", { n: next.shared.length, count: next.shared.length }))], "quiet");
    return true;
  }

  /** An arrow moves the vertex in hand ten pixels, with Shift one. */
  #nudge(event) {
    const { gl } = this.desk.canvas;
    const [dx, dy] = STEPS[event.key].map((sign) => sign * (event.shiftKey ? 1 : 10));
    const from = gl.project(this.#chosen.to);
    const { lng, lat } = gl.unproject([from.x + dx, from.y + dy]);
    tip.move({ x: from.x + dx, y: from.y + dy });
    this.#follow({ place: [lng, lat], kind: null });
    return true;
  }

  #remove() {
    const handle = this.#chosen?.handle ?? this.handles.near;
    if (!handle || handle.kind === "mid") return false;
    if (handle.kind === "fixed") {
      this.#tellFixed();
      return true;
    }
    this.#chosen = { handle, to: handle.place, follows: false, gone: true };
    this.#refusal = null;
    this.#draw();
    this.preview.ask(vertex.remove(handle.place));
    return true;
  }

  /** A new vertex moves no border: it is saved at once, and can be taken back. */
  #insert(handle) {
    this.#write(vertex.insert(handle.place, this.handles.area));
  }

  escape() {
    if (!this.#chosen) return false;
    this.#drop();
    this.#draw();
    this.desk.tell.card();
    say.politely(t("vertex.back"));
    return true;
  }

  #verbs() {
    return {
      cancel: () => this.escape(),
      save: () => this.finish(),
      see: (where) => this.desk.canvas.goTo({ where }),
    };
  }

  #answered(answer) {
    if (!this.#chosen) return;
    this.#refusal = null;
    const { handle, to, gone } = this.#chosen;
    const pieces = border.pieces(answer);
    this.view.show(pieces);
    this.#draw();
    const words = [
      t("vertex.shared", { n: handle.shared.length, count: handle.shared.length }),
      gone ? null : t("vertex.moved", { m: format.length(geodesy.length([handle.place, to])) }),
      this.#chosen.follows || this.#drag ? null : t("split.enter"),
    ];
    tip.show(borderTip(answer, pieces, words));
    borderPanel(answer.op, { answer, pieces }, this.#verbs());
    say.politely(
      pieces.map((piece) => t("border.said", { what: places.short(piece), change: format.signed(border.change(piece) ?? 0) })).join(", "),
    );
  }

  #refused(error) {
    this.view.clear();
    if (error.code === "offline" || !this.#chosen) return;
    this.#refusal = error;
    error.words = error.code === "line-crosses-itself" ? t("vertex.crosses") : error.text;
    this.#draw();
    tip.show([el("div", { class: "r" }, icon("bad", "s"), error.words)], "refused");
    borderPanel(this.#chosen.gone ? "delete_vertex" : "move_vertex", { answer: null, pieces: [], refusal: error }, this.#verbs());
    say.politely(error.words);
  }

  /** Saves what is shown; waits for the preview that is on its way. */
  async finish() {
    await this.preview.settle();
    const form = this.preview.form ?? this.preview.stale;
    if (!form) {
      if (this.#refusal) say.now(this.#refusal.words);
      return;
    }
    await this.#write({ ...form, versions: form.versions ?? border.versions(this.preview.answer, this.desk.coverage) });
  }

  #write(form) {
    return save(form, {
      desk: this.desk,
      onSaved: (answer) => {
        this.#drop();
        this.#last = this.handles.area?.code ?? null;
        this.handles.of(null); // those of before
        this.desk.tell.saved(answer);
      },
      onDropped: () => {
        this.#drop();
        this.desk.tell.renew();
      },
      onStay: () => this.#chosen && this.#follow({ place: this.#chosen.to, kind: null }),
      onRefused: (error) => {
        this.#refused(error);
        if (!this.#chosen) tip.show([el("div", { class: "r" }, icon("bad", "s"), error.text)], "refused");
      },
    });
  }

  #drop() {
    if (this.#chosen) this.desk.canvas.gl.keyboard.enable();
    this.preview.drop();
    this.#chosen = this.#refusal = this.#drag = null;
    this.desk.canvas.show("draft", []);
    this.view.clear();
    tip.hide();
  }
}
