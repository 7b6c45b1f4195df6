// The tool Brush: paint, lasso or box buildings; the border of the receiving area goes round them; Enter saves.
import { api } from "../../data/api.js";
import { boot } from "../../data/boot.js";
import { format } from "../../data/format.js";
import { t } from "../../data/i18n.js";
import { page } from "../../data/page.js";
import { BrushPanel } from "../../ui/brush_panel.js";
import { brushTip } from "../../ui/brush_tip.js";
import { el } from "../../ui/dom.js";
import { figureText } from "../../ui/figure_text.js";
import { hint } from "../../ui/hint.js";
import { icon } from "../../ui/icon.js";
import { places } from "../../ui/places.js";
import { say } from "../../ui/say.js";
import { tip } from "../../ui/tip.js";
import { BrushHand } from "../brush_hand.js";
import { MovedView } from "../moved_view.js";
import { border } from "../operations/border.js";
import { brush, RADII, Strokes } from "../operations/brush.js";
import { Preview } from "../preview.js";
import { save } from "../save.js";

const entry = ({ fid, code, name, level }) => ({ fid, code, name, level });

/** Owns the strokes, the receiving area (the one selected) and the preview. */
export class BrushMode {
  cursor = "draws";
  snaps = false;
  drags = false;
  traces = false;
  /** @type {"brush" | "lasso" | "box"} */
  way = "brush";
  adds = true;
  size = 1;
  strokes = new Strokes();
  refusal = null;
  allowed = false;
  given = false; // what is cut off an area goes to a neighbour
  /** @type {{code: string, name: string} | null} only buildings in this parent go over */
  inside = null;
  #painted = [];

  /** @param {import("../desk.js").Desk} desk */
  constructor(desk) {
    this.desk = desk;
    this.view = new MovedView(desk.canvas);
    this.panel = new BrushPanel(this);
    this.hand = new BrushHand(desk, this);
    this.draft = Object.defineProperty({ points: [] }, "empty", { get: () => this.strokes.empty }); // Tab does not walk away from strokes
    this.preview = new Preview((form, signal) => api.post(boot.urls.preview, { body: form, signal }), {
      onAnswer: (answer) => this.#told(answer),
      onRefusal: (error) => this.#refused(error),
      onSlow: () => tip.wait(),
    });
    page.on("selection", () => {
      if (page.tool === "brush") this.#receiver();
    });
    page.on("level", () => {
      if (page.tool === "brush") this.#look();
    });
  }

  /** The area that receives; null until somebody picks one. */
  get to() {
    return page.selection.length === 1 ? page.selection[0] : null;
  }

  get radius() {
    return RADII[this.size];
  }

  get near() {
    return brush.near(this.desk.canvas);
  }

  #zoomed = () => this.#look();

  #look() {
    this.guide();
    if (this.strokes.empty) this.panel.draw();
  }

  enter() {
    brush.unhide();
    this.desk.canvas.gl.on("zoomend", this.#zoomed);
    if (page.selection.length > 1) page.set({ selection: [] });
    this.hand.take();
    this.guide();
    this.panel.draw();
  }

  leave() {
    this.drop();
    this.hand.lay();
    this.desk.canvas.gl.off("zoomend", this.#zoomed);
    this.adds = true;
    this.desk.tell.card();
  }

  /** The line of the tool in the context bar. */
  guide() {
    hint.show(this.near ? (this.to ? t("hint.brush", { area: places.short(this.to) }) : t("brush.pick")) : t("brush.closer"));
  }

  /** Somebody picked another receiving area; what was painted is for it then. */
  #receiver() {
    this.guide();
    this.allowed = this.given = false;
    this.inside = null;
    this.ask();
  }

  // ---- what hand and panel do ------------------------------------------------------------------------------------------
  set(change) {
    Object.assign(this, change);
    this.hand.ring();
    this.panel.draw();
  }

  /** The area under the pointer receives from now on. */
  receive(stop) {
    const area = stop.area();
    if (!area) return;
    page.set({ selection: [entry(area)] });
    say.politely(t("brush.receives", { area: places.short(area) }));
  }

  /** The next click picks who receives. */
  another() {
    page.set({ selection: [] });
    this.guide();
  }

  /** One stroke begins, goes on and ends. @param {boolean} out it takes buildings out */
  begin(out) {
    this.strokes.begin(this.adds !== out);
  }

  paint(ids) {
    if (this.strokes.put(ids)) this.ask();
  }

  end() {
    const none = this.strokes.dropEmpty();
    if (none) this.tellQuiet(t("zone.no-building"));
    else if (!this.preview.answer) this.ask();
    return !none;
  }

  /** Detached pieces are allowed, or no more; either way nothing is given to a neighbour. */
  allow(on = true) {
    this.allowed = on;
    this.given = false;
    this.ask();
  }

  /** What is cut off an area goes to a neighbour from now on. */
  give() {
    this.given = true;
    this.allowed = false;
    this.ask();
  }

  /** Of what is painted only buildings in this parent go over, or, with null, all again. @param {{code: string, name: string} | null} parent */
  keep(parent) {
    this.inside = parent;
    this.ask();
  }

  // ---- what the desk does ----------------------------------------------------------------------------------------------
  down(stop, event) {
    this.hand.down(stop, event);
  }

  hover(stop) {
    this.hand.hover(stop);
  }

  up() {
    this.hand.up();
  }

  out() {
    this.hand.out();
  }

  double() {}

  /** A click of the mouse was a stroke already; Space under the cross-hair is one. */
  press(stop) {
    if (this.hand.stroked) return;
    if (!this.near) this.tellQuiet(t("brush.closer"));
    else if (!this.to || stop.alt) this.receive(stop);
    else {
      const found = this.desk.canvas.buildingAt(stop.point);
      const known = found && this.strokes.chosen.includes(found.id);
      this.strokes.begin(!known);
      if (found) this.paint([found.id]);
      if (this.end()) say.politely(t(known ? "brush.out" : "brush.in", { name: found.name || String(found.id) }));
    }
  }

  key(event) {
    const letter = event.key.toLowerCase();
    if (event.key === "Backspace" && !this.strokes.empty) {
      this.back();
    } else if (event.key === "Enter" && !this.strokes.empty) {
      this.finish();
    } else if (event.key === "[" || event.key === "]") {
      this.set({ size: Math.max(0, Math.min(RADII.length - 1, this.size + (event.key === "]" ? 1 : -1))), way: "brush" });
      say.politely(t("brush.size-said", { n: this.size + 1 }));
    } else if (letter === "l") {
      this.set({ way: this.way === "lasso" ? "box" : this.way === "box" ? "brush" : "lasso" });
      say.politely(t(`brush.${this.way}`));
    } else if (letter === "k") {
      this.set({ adds: !this.adds });
      say.politely(t(this.adds ? "brush.adds" : "brush.takes"));
    } else if (event.key === "Shift" && this.refusal?.code === "parts") {
      this.allow();
    } else return false;
    return true;
  }

  /** The last stroke is taken back. */
  back() {
    this.hand.halt();
    this.strokes.back();
    this.ask();
    say.politely(t("brush.backed"));
  }

  escape() {
    if (this.strokes.empty) return false;
    this.drop();
    this.panel.draw();
    say.politely(t("say.dropped"));
    return true;
  }

  // ---- what comes of it ------------------------------------------------------------------------------------------------
  /** Shows what is painted and asks what it would do. */
  ask() {
    const ids = this.strokes.chosen;
    this.#mark(ids);
    this.desk.canvas.show("draft", []);
    this.desk.fingers?.offer(
      this.strokes.empty ? null : { back: () => this.back(), finish: () => this.finish(), cancel: () => this.escape() },
    );
    if (ids.length && this.to) {
      this.preview.ask(brush.form(ids, this.to, { parts: this.allowed, given: this.given, inside: this.inside }));
      return;
    }
    this.preview.drop();
    this.refusal = null;
    this.#unshow();
    tip.hide();
    this.panel.draw();
  }

  #unshow() {
    this.view.clear();
    this.#border(true);
  }

  #mark(ids) {
    const state = (id, painted) => this.desk.canvas.gl.setFeatureState({ source: "buildings", sourceLayer: "buildings", id }, { painted });
    const now = new Set(ids),
      was = new Set(this.#painted);
    for (const id of was) if (!now.has(id)) state(id, false);
    for (const id of now) if (!was.has(id)) state(id, true);
    this.#painted = ids;
  }

  /** What the area would be stands in for its border of now. @param {boolean} shown */
  #border(shown) {
    if (this.to) this.desk.canvas.gl.setFeatureState({ source: "areas", sourceLayer: "areas", id: this.to.fid }, { selected: shown });
  }

  #told(answer) {
    if (page.tool !== "brush" || !this.to || this.strokes.empty) return;
    this.refusal = null;
    this.#border(false);
    const pieces = brush.pieces(answer, this.to);
    this.view.show(pieces, answer.changed.filter((one) => one.retired));
    tip.show(brushTip(answer, pieces));
    this.panel.draw();
    const [own] = pieces;
    say.politely(
      t("brush.said", {
        n: brush.gained(own),
        count: brush.gained(own),
        change: format.signed(border.change(own) ?? 0),
        area: places.short(own),
        what: figureText.households(own.after?.households),
      }),
    );
  }

  #refused(error) {
    if (page.tool !== "brush" || this.strokes.empty) return;
    const detached = error.code === "parts" && (error.body?.areas ?? []).includes(this.to?.code);
    const words = detached ? t("brush.detached") : error.code === "bad-input" ? t("brush.already") : error.text;
    this.refusal = Object.assign(error, { words });
    this.#unshow();
    if (error.where) this.desk.canvas.show("draft", [{ type: "Feature", properties: { kind: "new" }, geometry: { type: "Point", coordinates: error.where } }]);
    tip.show([el("div", { class: "r" }, icon("bad", "s"), words)], "refused");
    this.panel.draw();
    say.politely(words);
    if (error.body?.areas?.length) this.#name(error);
  }

  /** The areas of a refusal get their names, which come with the shapes in view. */
  async #name(error) {
    await this.desk.coverage.load().catch(() => null);
    if (this.refusal === error) this.panel.draw();
  }

  tellQuiet(words) {
    tip.show([el("div", { class: "x" }, words)], "quiet");
    say.politely(words);
  }

  async finish() {
    await this.preview.settle();
    const form = this.preview.form ?? this.preview.stale;
    if (!form) return void say.now(this.refusal?.words ?? t("brush.nothing"));
    const { answer } = this.preview;
    await save(form.versions || !answer ? form : { ...form, versions: brush.versions(answer) }, {
      desk: this.desk,
      onSaved: (saved) => {
        this.drop();
        this.desk.tell.saved(saved);
        this.guide();
        this.panel.draw();
      },
      onDropped: () => {
        this.drop();
        this.desk.tell.renew();
        this.panel.draw();
      },
      onStay: () => this.ask(),
      onRefused: (error) => this.#refused(error),
    });
  }

  /** Nothing is painted any more. */
  drop() {
    this.preview.drop();
    this.hand.halt();
    this.strokes.clear();
    this.#mark([]);
    this.desk.fingers?.offer(null);
    this.refusal = null;
    this.allowed = this.given = false;
    this.inside = null;
    this.desk.canvas.show("draft", []);
    this.#unshow();
    tip.hide();
  }

  /** The panel's Cancel: what is painted goes, else the tool. */
  cancel() {
    if (!this.escape()) this.desk.use("select");
  }
}
