// The tool Split: draw from outside to outside; numbers of both sides follow the pointer; Enter saves what is shown.
import { api } from "../../data/api.js";
import { boot } from "../../data/boot.js";
import { format } from "../../data/format.js";
import { geodesy } from "../../data/geodesy.js";
import { t } from "../../data/i18n.js";
import { page } from "../../data/page.js";
import { el } from "../../ui/dom.js";
import { figureText } from "../../ui/figure_text.js";
import { hint } from "../../ui/hint.js";
import { icon } from "../../ui/icon.js";
import { say } from "../../ui/say.js";
import { side } from "../../ui/side.js";
import { splitPanel } from "../../ui/split_panel.js";
import { splitTip } from "../../ui/split_tip.js";
import { tip } from "../../ui/tip.js";
import { Draft } from "../draft.js";
import { draftFeatures } from "../draft_view.js";
import { split } from "../operations/split.js";
import { Preview } from "../preview.js";
import { save } from "../save.js";

/** Owns the line being drawn and its preview. */
export class SplitMode {
  cursor = "draws";
  snaps = true;
  draft = new Draft();
  #keep = null;
  #read = null;
  #hidden = [];
  #spoken = "";

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
    hint.show();
    this.#guide();
  }

  leave() {
    this.#drop();
    tip.hide();
    this.desk.tell.card();
  }

  shaped() {
    if (!this.draft.empty && !side.asks) this.#follow();
  }

  #guide() {
    if (!split.near()) hint.show(t("split.closer"));
    else if (page.selection.length) hint.show(t("hint.split"));
    else hint.show(t("hint.split-any"));
  }

  press(stop) {
    if (!split.near()) return;
    this.draft.hover = stop;
    if (!this.draft.put(stop)) return;
    const read = split.read(this.draft, this.desk.coverage);
    this.draft.closed = this.draft.points.length > 1 && read.targets.length > 0 && !read.inside;
    const n = this.draft.points.length;
    this.#spoken = stop.kind ? t("say.point-snapped", { n, to: t(`snap.to-${stop.kind}`) }) : t("say.point", { n });
    say.politely(this.#spoken);
    this.#follow();
  }

  hover(stop) {
    if (this.draft.closed) return;
    this.draft.hover = stop;
    if (this.draft.empty) {
      this.desk.canvas.show("draft", draftFeatures(this.draft));
      if (page.selection.length || split.near())
        tip.show([el("div", { class: "x" }, t(split.near() ? "split.begin" : "split.closer"))], "quiet");
      return;
    }
    this.#follow();
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
    if (event.key.toLowerCase() === "k" && this.preview.answer) {
      this.swap();
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

  /** Draws the line, looks at once whether it is complete, and asks what it would do. */
  #follow() {
    if (this.draft.empty) {
      this.#drop();
      this.desk.tell.card();
      return;
    }
    this.#read = split.read(this.draft, this.desk.coverage);
    const { line, targets, inside, tails } = this.#read;
    this.desk.canvas.show("draft", draftFeatures(this.draft, { tails }));
    if (line.length < 2) return;
    if (!targets.length || inside) {
      this.preview.drop();
      this.#clearPieces();
      const short = inside ? this.desk.coverage.shortOf(line.at(-1), inside) : null;
      tip.show(
        [
          el(
            "div",
            { class: "x" },
            inside ? t("error.line-inside", { m: format.length(short) }) : t("split.nothing-crossed"),
            el("br"),
            t("split.length", { m: format.length(geodesy.length(line)) }),
          ),
        ],
        "quiet",
      );
      return;
    }
    this.preview.ask(split.form(this.#read, this.#keep));
  }

  #answered(answer) {
    const pieces = split.pieces(answer);
    this.#draw(pieces);
    const snapped = this.draft.stops().some((stop) => stop.kind === "vertex" || stop.kind === "border");
    tip.show(splitTip(answer, pieces, { snapped, closed: this.draft.closed }));
    splitPanel(answer, pieces, {
      cancel: () => this.escape(),
      save: () => this.finish(),
      keep: (piece) => this.#keepWith(piece),
      see: (where) => this.desk.canvas.goTo({ where }),
    });
    const sides = pieces.map((piece) => `${piece.letter} ${figureText.households(piece.after?.households)}`).join(" ");
    say.politely([this.#spoken, sides].filter(Boolean).join(", "));
    this.#spoken = "";
  }

  #refused(error) {
    this.#clearPieces();
    if (error.code === "offline") return;
    tip.show([el("div", { class: "r" }, icon("bad", "s"), error.text)], "refused");
    say.politely(error.text);
    if (error.where) this.desk.canvas.show("outline", []);
  }

  #draw(pieces) {
    const features = pieces.flatMap((piece) => [
      { type: "Feature", properties: { kind: "piece", side: piece.side }, geometry: piece.geometry },
      {
        type: "Feature",
        properties: { kind: "label", side: piece.side, text: figureText.households(piece.after?.households) },
        geometry: { type: "Point", coordinates: piece.at },
      },
    ]);
    this.desk.canvas.show("preview", features);
    this.#hideLabels(this.preview.answer.changed.filter((area) => area.fid > 0));
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

  #keepWith(piece) {
    this.#keep = piece.at;
    this.#follow();
  }

  /** The next piece keeps the code. */
  swap() {
    const pieces = split.pieces(this.preview.answer);
    const now = pieces.findIndex((piece) => !piece.isNew);
    this.#keepWith(pieces[(now + 1) % pieces.length]);
  }

  /** Saves what is shown; waits for the preview that is on its way. */
  async finish() {
    await this.preview.settle();
    const form = this.preview.form ?? this.preview.stale;
    if (!form) {
      const { inside, line } = this.#read ?? {};
      const words = inside
        ? t("error.line-inside", { m: format.length(this.desk.coverage.shortOf(line.at(-1), inside)) })
        : t("split.nothing-crossed");
      tip.show([el("div", { class: "r" }, icon("bad", "s"), words)], "refused");
      say.now(words);
      return;
    }
    this.draft.close();
    await save(form, {
      desk: this.desk,
      onSaved: (answer) => {
        this.#drop();
        this.desk.tell.saved(answer);
        this.#guide();
      },
      onDropped: () => {
        this.#drop();
        this.desk.tell.renew();
      },
      onStay: () => this.#follow(),
      onRefused: (error) => this.#refused(error),
    });
  }

  #drop() {
    this.preview.drop();
    this.draft.clear();
    this.#keep = this.#read = null;
    this.desk.canvas.show("draft", []);
    this.#clearPieces();
    tip.hide();
  }
}
