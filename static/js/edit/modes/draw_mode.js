// The tool Draw: a new area over those there are; its numbers and theirs follow the pointer; Enter saves what is shown.
import { api } from "../../data/api.js";
import { boot } from "../../data/boot.js";
import { t } from "../../data/i18n.js";
import { page } from "../../data/page.js";
import { drawPanel } from "../../ui/draw_panel.js";
import { drawTip } from "../../ui/draw_tip.js";
import { el } from "../../ui/dom.js";
import { figureText } from "../../ui/figure_text.js";
import { hint } from "../../ui/hint.js";
import { icon } from "../../ui/icon.js";
import { say } from "../../ui/say.js";
import { side } from "../../ui/side.js";
import { tip } from "../../ui/tip.js";
import { Draft } from "../draft.js";
import { draftFeatures } from "../draft_view.js";
import { draw } from "../operations/draw.js";
import { split } from "../operations/split.js";
import { plane } from "../plane.js";
import { Preview } from "../preview.js";
import { save } from "../save.js";

const LEAST = 3;
const CLOSE_PX = 10; // a click this near to the first point ends the drawing

/** Owns the polygon being drawn and its preview. */
export class DrawMode {
  cursor = "draws";
  snaps = true;
  draft = new Draft();
  #rest = null;
  #hidden = [];
  #spoken = "";
  #refusal = null;

  /** @param {import("../desk.js").Desk} desk */
  constructor(desk) {
    this.desk = desk;
    this.preview = new Preview((form, signal) => api.post(boot.urls.preview, { body: form, signal }), {
      onAnswer: (answer) => this.#answered(answer),
      onRefusal: (error) => this.#refused(error),
      onSlow: () => tip.wait(),
    });
  }

  enter() {
    hint.show(split.near() ? t("hint.draw") : t("split.closer"));
  }

  leave() {
    this.#drop();
    this.desk.tell.card();
  }

  shaped() {
    if (!this.draft.empty && !side.asks) this.#follow();
  }

  press(stop) {
    if (!split.near() || this.draft.closed) return;
    const [first] = this.draft.points;
    if (this.draft.points.length >= LEAST && Math.hypot(first.point.x - stop.point.x, first.point.y - stop.point.y) < CLOSE_PX) {
      this.draft.hover = null;
      this.draft.closed = true;
      say.politely(t("draw.closed"));
      this.#follow();
      return;
    }
    this.draft.hover = stop;
    if (!this.draft.put(stop)) return;
    const n = this.draft.points.length;
    this.#spoken = stop.kind ? t("say.point-snapped", { n, to: t(`snap.to-${stop.kind}`) }) : t("say.point", { n });
    say.politely(this.#spoken);
    this.#follow();
  }

  hover(stop) {
    if (this.draft.closed) return;
    this.draft.hover = stop;
    if (!this.draft.empty) return void this.#follow();
    this.desk.canvas.show("draft", draftFeatures(this.draft));
    tip.show([el("div", { class: "x" }, t(split.near() ? "draw.begin" : "split.closer"))], "quiet");
  }

  double() {
    if (!this.draft.empty) this.finish();
  }

  key(event) {
    if (event.key === "Backspace" && !this.draft.empty) {
      if (this.draft.closed) this.draft.closed = false;
      else this.draft.back();
      this.#follow();
      return true;
    }
    if (event.key === "Enter" && !this.draft.empty) {
      this.finish();
      return true;
    }
    return false;
  }

  escape() {
    if (this.draft.empty) return false;
    this.#drop();
    this.desk.tell.card();
    say.politely(t("say.dropped"));
    return true;
  }

  /** Draws the polygon and asks what it would do. */
  #follow() {
    if (this.draft.empty) {
      this.#drop();
      this.desk.tell.card();
      return;
    }
    const read = draw.read(this.draft, this.desk.coverage);
    this.desk.canvas.show("draft", draftFeatures(this.draft, { closed: true }));
    if (read.ring.length < LEAST || !(read.parent || read.host)) {
      this.preview.drop();
      this.#refusal = null;
      this.#clearPieces();
      const words = read.ring.length < LEAST ? t("draw.more", { n: LEAST - this.draft.points.length, count: LEAST - this.draft.points.length }) : t("draw.nowhere");
      tip.show([el("div", { class: "x" }, words)], "quiet");
      return;
    }
    this.preview.ask(draw.form(read, this.#rest));
  }

  #verbs() {
    return {
      cancel: () => this.escape(),
      save: () => this.finish(),
      see: (where) => this.desk.canvas.goTo({ where }),
      rest: (way) => {
        this.#rest = way;
        this.#follow();
      },
    };
  }

  #answered(answer) {
    this.#refusal = null;
    const { made, givers } = draw.effect(answer);
    this.#show(made, givers);
    const snapped = this.draft.stops().some((stop) => stop.kind === "vertex" || stop.kind === "border");
    tip.show(drawTip(answer, { made, givers, snapped, closed: this.draft.closed }));
    drawPanel({ answer, made, givers, rest: this.#rest }, this.#verbs());
    const words = [this.#spoken, t("draw.said", { what: figureText.households(made[0]?.after?.households), n: givers.length })];
    say.politely(words.filter(Boolean).join(", "));
    this.#spoken = "";
  }

  #refused(error) {
    this.#clearPieces();
    if (error.code === "offline") return;
    this.#refusal = error;
    tip.show([el("div", { class: "r" }, icon("bad", "s"), error.text)], "refused");
    this.desk.canvas.show("draft", draftFeatures(this.draft, { closed: true, added: error.where ? [error.where] : [] }));
    drawPanel({ answer: null, made: [], givers: [], rest: this.#rest, refusal: error }, this.#verbs());
    say.politely(error.text);
  }

  #show(made, givers) {
    const at = ({ geometry }) => plane.inner(geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates);
    const piece = (area, sideOf, badge) => [
      { type: "Feature", properties: { kind: "piece", side: sideOf }, geometry: area.geometry },
      {
        type: "Feature",
        properties: { kind: "label", side: badge, text: figureText.households(area.after?.households) },
        geometry: { type: "Point", coordinates: at(area) },
      },
    ];
    this.desk.canvas.show("preview", [
      ...givers.filter((area) => area.geometry).flatMap((area) => piece(area, "a", "none")),
      ...made.filter((area) => area.geometry).flatMap((area) => piece(area, "b", "new")),
    ]);
    this.#hideLabels(givers);
  }

  #hideLabels(areas) {
    const label = (fid, hide) =>
      this.desk.canvas.gl.setFeatureState({ source: "areas", sourceLayer: "areas_label", id: fid }, { hide });
    const fids = areas.map((area) => area.fid);
    for (const fid of this.#hidden) if (!fids.includes(fid)) label(fid, false);
    for (const fid of fids) if (!this.#hidden.includes(fid)) label(fid, true);
    this.#hidden = fids;
  }

  #clearPieces() {
    this.desk.canvas.show("preview", []);
    this.#hideLabels([]);
  }

  /** Saves what is shown; waits for the preview that is on its way. */
  async finish() {
    await this.preview.settle();
    const form = this.preview.form ?? this.preview.stale;
    if (!form) {
      const words = this.#refusal?.text ?? t(this.draft.points.length < LEAST ? "draw.too-few" : "draw.nowhere");
      tip.show([el("div", { class: "r" }, icon("bad", "s"), words)], "refused");
      say.now(words);
      return;
    }
    const versions = form.versions ?? draw.versions(this.preview.answer, this.desk.coverage);
    this.draft.close();
    await save(
      { ...form, versions },
      {
        desk: this.desk,
        onSaved: (answer) => {
          this.#drop();
          const [one] = draw.effect(answer).made;
          page.set({ selection: [{ fid: one.fid, code: one.code, name: one.name, level: one.level }] });
          this.desk.tell.saved(answer);
        },
        onDropped: () => {
          this.#drop();
          this.desk.tell.renew();
        },
        onStay: () => this.#follow(),
        onRefused: (error) => this.#refused(error),
      },
    );
  }

  #drop() {
    this.preview.drop();
    this.draft.clear();
    this.#rest = this.#refusal = null;
    this.desk.canvas.show("draft", []);
    this.#clearPieces();
    tip.hide();
  }
}
