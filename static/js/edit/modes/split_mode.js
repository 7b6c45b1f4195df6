// The tool Split: draw from outside to outside; numbers of both sides follow the pointer; Enter saves what is shown.
import { format } from "../../data/format.js";
import { t } from "../../data/i18n.js";
import { levels } from "../../data/levels.js";
import { page } from "../../data/page.js";
import { borderPanel } from "../../ui/border_panel.js";
import { figureText } from "../../ui/figure_text.js";
import { hint } from "../../ui/hint.js";
import { places } from "../../ui/places.js";
import { say } from "../../ui/say.js";
import { splitPanel } from "../../ui/split_panel.js";
import { splitTip } from "../../ui/split_tip.js";
import { tip } from "../../ui/tip.js";
import { draftFeatures } from "../draft_view.js";
import { split } from "../operations/split.js";
import { DrawingMode } from "./drawing_mode.js";

const FEW = 3;

/** "05-09、05-10" */
function names(areas) {
  const few = format.list(areas.slice(0, FEW).map(places.short));
  return areas.length > FEW ? t("list.and-more", { what: few, n: areas.length }) : few;
}

/** Owns the line being drawn, which piece keeps the code, and the preview. */
export class SplitMode extends DrawingMode {
  tool = "split";
  #keep = null;
  #read = null;

  guide() {
    if (!split.near()) hint.show(t("split.closer"));
    else hint.show(t(page.selection.length ? "hint.split" : "hint.split-any"));
  }

  get begins() {
    const chosen = page.selection.filter((entry) => entry.level === levels.deepest);
    return chosen.length ? t("split.begin-chosen", { what: names(chosen) }) : super.begins;
  }

  /** Out of the areas again: the line is complete as it is. */
  complete() {
    const read = split.read(this.draft, this.desk.coverage);
    return this.draft.points.length > 1 && read.targets.length > 0 && !read.inside;
  }

  key(event) {
    if (event.key.toLowerCase() === "k" && this.preview.answer) {
      this.swap();
      return true;
    }
    return super.key(event);
  }

  look() {
    this.#read = split.read(this.draft, this.desk.coverage);
    const { line, targets, inside, tails } = this.#read;
    this.desk.canvas.show("draft", draftFeatures(this.draft, { tails }));
    if (line.length > 1 && targets.length && !inside) return split.form(this.#read, this.#keep, this.parts);
    if (line.length < 2) this.tellMissing(t("split.go-on")); // a finger says nothing more before its next point
    else this.tellMissing(this.lacking(), this.words(this.length(line)).join(" · "));
    return null;
  }

  told(answer) {
    const pieces = split.pieces(answer);
    const gone = answer.changed.filter((area) => area.retired);
    const notes = this.#notes(answer);
    this.view.show(pieces, gone);
    tip.show(splitTip(answer, pieces, [...this.words(this.length()), ...notes.map((note) => t(`finding.${note.kind}`, note))]));
    splitPanel({ ...answer, findings: [...answer.findings, ...notes] }, pieces, {
      ...this.verbs(),
      keep: (piece) => this.#keepWith(piece),
      parts: { on: this.parts, toggle: () => this.allow(!this.parts) },
    });
    const sides = pieces.map((piece) => `${piece.letter} ${figureText.households(piece.after?.households)}`).join(" ");
    say.politely([this.spoken, sides].filter(Boolean).join(", "));
  }

  refused(error) {
    this.desk.canvas.show("draft", draftFeatures(this.draft, { tails: this.#read?.tails, added: error.where ? [error.where] : [] }));
    borderPanel("split", { answer: null, pieces: [], refusal: error, offers: this.offers }, this.verbs());
    this.tellBad(error.text);
  }

  /** What the line seems to cut and does not, as findings: areas not picked, a leg that ends inside. */
  #notes(answer) {
    const { passed = [], loose = [] } = this.#read ?? {};
    return [
      ...(passed.length ? [{ kind: "not-chosen", what: names(passed) }] : []),
      ...loose
        .filter(({ area, leg }) => leg || answer.changed.some(({ fid }) => fid === area.fid))
        .map(({ area, where }) => ({ kind: "loose-end", what: places.short(area), where })),
    ];
  }

  #keepWith(piece) {
    this.#keep = piece.at;
    this.spoken = t("say.keeps", { what: piece.letter });
    this.follow();
  }

  /** The next piece keeps the code. */
  swap() {
    const pieces = split.pieces(this.preview.answer);
    const now = pieces.findIndex((piece) => !piece.isNew);
    this.#keepWith(pieces[(now + 1) % pieces.length]);
  }

  lacking() {
    const { inside, line, chosen, passed = [] } = this.#read ?? {};
    if (inside) return t("error.line-inside", { m: format.length(this.desk.coverage.shortOf(line.at(-1), inside)) });
    return chosen && passed.length ? t("split.chosen-not-crossed", { what: names(page.selection) }) : t("split.nothing-crossed");
  }

  drop() {
    super.drop();
    this.#keep = this.#read = null;
  }
}
