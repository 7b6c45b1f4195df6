// What the tools that draw have in common: points come and go, what the drawing would do is asked for and shown, Enter saves it.
import { api } from "../../data/api.js";
import { boot } from "../../data/boot.js";
import { format } from "../../data/format.js";
import { geodesy } from "../../data/geodesy.js";
import { t } from "../../data/i18n.js";
import { borderPanel } from "../../ui/border_panel.js";
import { page } from "../../data/page.js";
import { el } from "../../ui/dom.js";
import { hint } from "../../ui/hint.js";
import { icon } from "../../ui/icon.js";
import { say } from "../../ui/say.js";
import { side } from "../../ui/side.js";
import { tip } from "../../ui/tip.js";
import { Draft } from "../draft.js";
import { draftFeatures } from "../draft_view.js";
import { MovedView } from "../moved_view.js";
import { split } from "../operations/split.js";
import { Preview } from "../preview.js";
import { save } from "../save.js";

const bad = (words) => [el("div", { class: "r" }, icon("bad", "s"), words)];

/**
 * Owns the drawing and its preview. A tool names its texts by `tool` and says in `complete` whether a point completes the
 * drawing, in `look` what is drawn (it answers the form to ask about, or null when it said what is missing), in `told` and
 * `refused` what comes of it, in `lacking` why nothing can be saved, in `sealed` with which versions, in `done`
 * what follows.
 */
export class DrawingMode {
  cursor = "draws";
  snaps = true;
  traces = true;
  draft = new Draft();
  refusal = null;
  parts = false; // an area may fall into parts: somebody asked for it
  spoken = ""; // words about the last point, said together with what it does
  #blind = false; // the last point was put before the shapes in view were there

  /** @param {import("../desk.js").Desk} desk */
  constructor(desk) {
    this.desk = desk;
    this.view = new MovedView(desk.canvas);
    this.preview = new Preview((form, signal) => api.post(boot.urls.preview, { body: form, signal }), {
      onAnswer: (answer) => {
        this.refusal = null;
        this.told(answer);
        this.spoken = "";
      },
      onRefusal: (error) => this.#refused(error),
      onSlow: () => tip.wait(),
    });
    page.on("selection", () => {
      if (page.tool === this.tool) this.shaped();
    });
  }

  enter() {
    this.guide();
  }

  /** The line of the tool in the context bar. */
  guide() {
    hint.show(t(split.near() ? `hint.${this.tool}` : "split.closer"));
  }

  leave() {
    this.drop();
    this.desk.tell.card();
  }

  shaped() {
    if (this.draft.empty) this.guide();
    if (this.draft.empty || side.asks) return;
    if (this.#blind && this.desk.coverage.areas.length) this.#completed();
    this.follow();
  }

  /** Whether the last point completed the drawing is known only now: then the pointer, wherever it went since, pulls no more. */
  #completed() {
    const { draft } = this,
      { hover } = draft;
    this.#blind = false;
    draft.hover = null;
    draft.closed = this.complete(draft.points.at(-1));
    draft.hover = hover;
  }

  press(stop) {
    if (!split.near()) return;
    this.draft.hover = stop;
    if (!this.draft.put(stop)) return;
    this.#blind = !this.desk.coverage.areas.length;
    this.draft.closed = this.complete(stop);
    const n = this.draft.points.length;
    this.spoken = stop.kind ? t("say.point-snapped", { n, to: t(`snap.to-${stop.kind}`) }) : t("say.point", { n });
    say.politely(this.spoken);
    this.follow();
  }

  hover(stop) {
    if (this.draft.closed) return;
    this.draft.hover = stop;
    this.follow(true);
  }

  double() {
    if (!this.draft.empty) this.finish();
  }

  /** One point back. */
  back() {
    this.draft.back();
    this.follow();
  }

  key(event) {
    if (this.draft.empty) return false;
    if (event.key === "Backspace") {
      this.back();
      return true;
    }
    if (event.key === "Enter") {
      this.finish();
      return true;
    }
    return false;
  }

  escape() {
    if (this.draft.empty) return false;
    this.drop();
    this.desk.tell.card();
    say.politely(t("say.dropped"));
    return true;
  }

  /** Draws the drawing and asks what it would do. @param {boolean} [hovers] nothing was put down or taken back */
  follow(hovers = false) {
    this.#offer();
    if (this.draft.empty && hovers) {
      this.desk.canvas.show("draft", draftFeatures(this.draft));
      tip.show([el("div", { class: "x" }, split.near() ? this.begins : t("split.closer"))], "quiet");
      return;
    }
    if (this.draft.empty) {
      this.drop();
      this.desk.tell.card();
      return;
    }
    const form = this.look();
    if (form) return void this.preview.ask(form);
    this.preview.drop();
    this.refusal = null;
    this.view.clear();
  }

  /** An area may fall into parts from now on, or no more. */
  allow(parts) {
    this.parts = parts;
    this.follow();
  }

  /** Ways out of what the server refused. @returns {object[]} see ui/effect_parts.js */
  get offers() {
    return this.refusal?.code === "parts" && !this.parts ? [{ key: "parts", words: t("parts.allow"), verb: () => this.allow(true) }] : [];
  }

  /** What the buttons of the panel do. */
  verbs() {
    return {
      cancel: () => this.escape(),
      save: () => this.finish(),
      see: (where) => this.desk.canvas.goTo({ where }),
    };
  }

  /** What is true of the drawing, for the last line of the tip. @param {string} length its whole length, in words */
  words(length) {
    const { draft } = this,
      stops = draft.stops();
    return [
      length,
      stops.length > 2 && !draft.closed ? t("draft.leg", { m: format.length(geodesy.length(draft.leg())) }) : null,
      draft.traced ? t("trace.follows") : stops.some((stop) => stop.kind === "vertex" || stop.kind === "border") ? t("split.snapped") : null,
      draft.closed ? t(this.desk.fingers.on ? "touch.saves" : "split.enter") : null,
    ].filter(Boolean);
  }

  /** "线长 61 m" */
  length(line = this.draft.line()) {
    return t("split.length", { m: format.length(geodesy.length(line)) });
  }

  /** Buttons for fingers, as long as something is drawn. */
  #offer() {
    const back = () => {
      this.draft.hover = null; // a finger is nowhere: the line must not go on to the point that is taken back
      this.back();
    };
    const verbs = { cancel: () => this.escape(), back, finish: () => this.finish() };
    this.desk.fingers.offer(this.draft.empty ? null : verbs);
  }

  #refused(error) {
    this.view.clear();
    if (error.code === "offline") {
      this.lapse(error.text);
      return void tip.show(bad(error.text), "refused"); // its numbers are of a line that is no more
    }
    this.refusal = error;
    this.refused(error);
  }

  /** What the panel told is true of the drawing no more: it says why, and Save rests. */
  lapse(words) {
    if (side.shown !== this.tool) return;
    const lead = el("section", { class: "sec" }, el("p", { class: "hint" }, words));
    borderPanel(this.tool, { answer: null, pieces: [], lead }, this.verbs());
  }

  /** Tells in the tip why it cannot be. */
  tellBad(words) {
    tip.show(bad(words), "refused");
    say.politely(words);
  }

  /** Tells in the tip what is still missing. @param {...string} lines */
  tellMissing(...lines) {
    const words = lines.flatMap((line, i) => (i ? [el("br"), line] : [line]));
    this.lapse(lines[0]);
    tip.show([el("div", { class: "x" }, words)], "quiet");
  }

  /** Saves what is shown; waits for the preview that is on its way. */
  async finish() {
    await this.preview.settle();
    const form = this.preview.form ?? this.preview.stale;
    if (!form) {
      const words = this.refusal?.text ?? (this.preview.cut ? t("error.offline") : this.lacking());
      tip.show(bad(words), "refused");
      say.now(words);
      return;
    }
    const sealed = this.sealed(form);
    this.draft.close();
    await save(sealed, {
      desk: this.desk,
      onSaved: (answer) => {
        this.drop();
        this.done(answer);
        this.desk.tell.saved(answer);
        this.guide();
      },
      onDropped: () => {
        this.drop();
        this.desk.tell.renew();
      },
      onStay: () => this.follow(),
      onRefused: (error) => this.#refused(error),
    });
  }

  /** Nothing is drawn any more. */
  drop() {
    this.preview.drop();
    this.draft.clear();
    this.refusal = null;
    this.parts = false;
    this.desk.canvas.show("draft", []);
    this.view.clear();
    this.#offer();
    tip.hide();
  }

  // ---- what a tool says otherwise --------------------------------------------------------------------------------------
  complete() {
    return false;
  }

  /** What the tip says before anything is drawn. */
  get begins() {
    return t(`${this.tool}.begin`);
  }

  sealed(form) {
    return form;
  }

  done() {}
}
