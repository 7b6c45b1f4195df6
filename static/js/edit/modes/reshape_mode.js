// The tool Reshape: a line that leaves a border and meets it again; what both sides get follows the pointer; Enter saves.
import { api } from "../../data/api.js";
import { boot } from "../../data/boot.js";
import { format } from "../../data/format.js";
import { geodesy } from "../../data/geodesy.js";
import { t } from "../../data/i18n.js";
import { borderPanel } from "../../ui/border_panel.js";
import { borderTip } from "../../ui/border_tip.js";
import { el } from "../../ui/dom.js";
import { hint } from "../../ui/hint.js";
import { icon } from "../../ui/icon.js";
import { places } from "../../ui/places.js";
import { say } from "../../ui/say.js";
import { side } from "../../ui/side.js";
import { tip } from "../../ui/tip.js";
import { Draft } from "../draft.js";
import { draftFeatures } from "../draft_view.js";
import { MovedView } from "../moved_view.js";
import { border } from "../operations/border.js";
import { split } from "../operations/split.js";
import { Preview } from "../preview.js";
import { save } from "../save.js";

/** Owns the line being drawn and its preview. */
export class ReshapeMode {
  cursor = "draws";
  snaps = true;
  draft = new Draft();
  #refusal = null;
  #shown = false; // the panel tells of this drawing
  #spoken = "";

  /** @param {import("../desk.js").Desk} desk */
  constructor(desk) {
    this.desk = desk;
    this.view = new MovedView(desk.canvas);
    this.preview = new Preview((form, signal) => api.post(boot.urls.preview, { body: form, signal }), {
      onAnswer: (answer) => this.#answered(answer),
      onRefusal: (error) => this.#refused(error),
      onSlow: () => tip.wait(),
    });
  }

  enter() {
    hint.show(t(split.near() ? "hint.reshape" : "split.closer"));
  }

  leave() {
    this.#drop();
    this.desk.tell.card();
  }

  shaped() {
    if (!this.draft.empty && !side.asks) this.#follow();
  }

  press(stop) {
    if (!split.near()) return;
    this.draft.hover = stop;
    if (!this.draft.put(stop)) return;
    // a second point on a border completes the line, unless a person goes on drawing
    this.draft.closed = this.draft.points.length > 2 && Boolean(stop.kind) && border.read(this.draft, this.desk.coverage).meets;
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
    tip.show([el("div", { class: "x" }, t(split.near() ? "reshape.begin" : "split.closer"))], "quiet");
  }

  double() {
    if (!this.draft.empty) this.finish();
  }

  key(event) {
    if (event.key === "Backspace" && !this.draft.empty) {
      this.draft.back();
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

  #verbs() {
    return {
      cancel: () => this.escape(),
      save: () => this.finish(),
      see: (where) => this.desk.canvas.goTo({ where }),
    };
  }

  /** Draws the line, looks at once whether it meets borders twice, and asks what it would do. */
  #follow() {
    if (this.draft.empty) {
      this.#drop();
      this.desk.tell.card();
      return;
    }
    const read = border.read(this.draft, this.desk.coverage);
    this.desk.canvas.show("draft", draftFeatures(this.draft));
    if (!read.meets) {
      this.preview.drop();
      this.#refusal = null;
      this.#unshow();
      tip.show([el("div", { class: "x" }, t("reshape.again"), el("br"), this.#length(read.line))], "quiet");
      return;
    }
    this.preview.ask(border.reshape(read));
  }

  /** What was shown is no longer what is drawn. */
  #unshow() {
    this.view.clear();
    if (this.#shown) this.desk.tell.card();
    this.#shown = false;
  }

  #panel(state) {
    this.#shown = true;
    borderPanel("reshape", state, this.#verbs());
  }

  #length(line) {
    return t("split.length", { m: format.length(geodesy.length(line)) });
  }

  #answered(answer) {
    this.#refusal = null;
    const pieces = border.pieces(answer);
    this.view.show(pieces);
    const snapped = this.draft.stops().some((stop) => stop.kind === "vertex" || stop.kind === "border");
    const words = [this.#length(this.draft.line()), snapped ? t("split.snapped") : null, this.draft.closed ? t("split.enter") : null];
    tip.show(borderTip(answer, pieces, words));
    this.#panel({ answer, pieces });
    const sides = pieces.map((piece) => t("border.said", { what: places.short(piece), change: format.signed(border.change(piece) ?? 0) }));
    say.politely([this.#spoken, ...sides].filter(Boolean).join(", "));
    this.#spoken = "";
  }

  #refused(error) {
    this.view.clear();
    if (error.code === "offline") return;
    this.#refusal = error;
    const { distance_m: short } = error.body ?? {};
    const open = error.code === "line-inside" && typeof short === "number";
    const words = open ? t("reshape.again-short", { m: format.length(short) }) : error.text;
    if (open && !this.draft.closed) {
      this.#unshow();
      tip.show([el("div", { class: "x" }, words, el("br"), this.#length(this.draft.line()))], "quiet");
      return;
    }
    tip.show([el("div", { class: "r" }, icon("bad", "s"), words)], "refused");
    this.desk.canvas.show("draft", draftFeatures(this.draft, { added: error.where ? [error.where] : [] }));
    this.#panel({ answer: null, pieces: [], refusal: error });
    say.politely(words);
  }

  /** Saves what is shown; waits for the preview that is on its way. */
  async finish() {
    await this.preview.settle();
    const form = this.preview.form ?? this.preview.stale;
    if (!form) {
      const words = this.#refusal?.text ?? t("reshape.again");
      tip.show([el("div", { class: "r" }, icon("bad", "s"), words)], "refused");
      say.now(words);
      return;
    }
    const versions = form.versions ?? border.versions(this.preview.answer, this.desk.coverage);
    this.draft.close();
    await save(
      { ...form, versions },
      {
        desk: this.desk,
        onSaved: (answer) => {
          this.#drop();
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
    this.#refusal = null;
    this.#shown = false;
    this.desk.canvas.show("draft", []);
    this.view.clear();
    tip.hide();
  }
}
