// The tool Draw: a new area over those there are; its numbers and theirs follow the pointer; Enter saves what is shown.
import { format } from "../../data/format.js";
import { t } from "../../data/i18n.js";
import { page } from "../../data/page.js";
import { drawPanel } from "../../ui/draw_panel.js";
import { drawTip } from "../../ui/draw_tip.js";
import { figureText } from "../../ui/figure_text.js";
import { say } from "../../ui/say.js";
import { tip } from "../../ui/tip.js";
import { draftFeatures } from "../draft_view.js";
import { Fingers } from "../fingers.js";
import { draw } from "../operations/draw.js";
import { split } from "../operations/split.js";
import { DrawingMode } from "./drawing_mode.js";

const LEAST = 3;
const CLOSE_PX = 10; // a click this near to the first point ends the drawing

/** Owns the polygon being drawn and its preview. */
export class DrawMode extends DrawingMode {
  tool = "draw";
  #rest = null;
  #to = []; // who would get what is cut off

  press(stop) {
    if (!split.near() || this.draft.closed) return;
    const [first] = this.draft.points;
    const reach = stop.finger ? Fingers.REACH_PX : CLOSE_PX;
    if (this.draft.points.length >= LEAST && Math.hypot(first.point.x - stop.point.x, first.point.y - stop.point.y) < reach) {
      this.draft.hover = null;
      this.draft.closed = true;
      this.draft.end = this.desk.tracer.way(this.draft.points.at(-1), first, this.desk.snapper.on.roads);
      say.politely(t("draw.closed"));
      this.follow();
      return;
    }
    super.press(stop);
  }

  back() {
    if (this.draft.closed) [this.draft.closed, this.draft.end] = [false, []];
    else this.draft.back();
    this.follow();
  }

  look() {
    const read = draw.read(this.draft, this.desk.coverage);
    this.desk.canvas.show("draft", draftFeatures(this.draft, { closed: true }));
    if (read.ring.length >= LEAST && (read.parent || read.host)) return draw.form(read, this.#rest);
    const left = LEAST - this.draft.points.length;
    this.tellMissing(read.ring.length < LEAST ? t("draw.more", { n: left, count: left }) : t("draw.nowhere"));
    return null;
  }

  #panel(state) {
    const rest = (way) => {
      this.#rest = way;
      this.follow();
    };
    drawPanel({ rest: this.#rest, to: this.#to, ...state }, { ...this.verbs(), rest });
  }

  told(answer) {
    const { made, givers, takers } = draw.effect(answer);
    this.view.show([
      ...[...givers, ...takers].filter((area) => area.geometry).map((area) => ({ ...area, side: "a", badge: "none" })),
      ...made.filter((area) => area.geometry).map((area) => ({ ...area, side: "b", badge: "new" })),
    ], givers);
    tip.show(drawTip(answer, { made, givers, words: this.words(t("draw.around", { m: format.length(answer.line_m) })) }));
    this.#panel({ answer, made, givers, takers });
    const words = [this.spoken, t("draw.said", { what: figureText.households(made[0]?.after?.households), n: givers.length })];
    say.politely(words.filter(Boolean).join(", "));
  }

  refused(error) {
    this.desk.canvas.show("draft", draftFeatures(this.draft, { closed: true, added: error.where ? [error.where] : [] }));
    if (error.code === "parts") this.#to = error.body?.to ?? [];
    this.#panel({ answer: null, made: [], givers: [], takers: [], refusal: error });
    this.tellBad(error.text);
  }

  lacking() {
    return t(this.draft.points.length < LEAST ? "draw.too-few" : "draw.nowhere");
  }

  /** What was on the screen when it was drawn: whoever cuts one of these in between is told. */
  sealed(form) {
    return { ...form, versions: form.versions ?? draw.versions(this.preview.answer, this.desk.coverage) };
  }

  done(answer) {
    const [one] = draw.effect(answer).made;
    page.set({ selection: [{ fid: one.fid, code: one.code, name: one.name, level: one.level }] });
  }

  drop() {
    super.drop();
    this.#rest = null;
    this.#to = [];
  }
}
