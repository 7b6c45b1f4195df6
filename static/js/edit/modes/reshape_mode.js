// The tool Reshape: a line that leaves a border and meets it again; what both sides get follows the pointer; Enter saves.
import { format } from "../../data/format.js";
import { t } from "../../data/i18n.js";
import { borderPanel } from "../../ui/border_panel.js";
import { borderTip } from "../../ui/border_tip.js";
import { effectParts } from "../../ui/effect_parts.js";
import { places } from "../../ui/places.js";
import { say } from "../../ui/say.js";
import { tip } from "../../ui/tip.js";
import { draftFeatures } from "../draft_view.js";
import { border } from "../operations/border.js";
import { DrawingMode } from "./drawing_mode.js";

/** Owns the line being drawn, and whether what it cuts off an area goes to a neighbour. */
export class ReshapeMode extends DrawingMode {
  tool = "reshape";
  #given = false;

  /** A second point on a border completes the line, unless a person goes on drawing. */
  complete(stop) {
    return this.draft.points.length > 2 && Boolean(stop.kind) && border.read(this.draft, this.desk.coverage).meets;
  }

  look() {
    const read = border.read(this.draft, this.desk.coverage);
    this.desk.canvas.show("draft", draftFeatures(this.draft));
    if (read.meets) return border.reshape(read, { parts: this.parts, given: this.#given });
    this.tellMissing(t("reshape.again"), this.words(this.length(read.line)).join(" · "));
    return null;
  }

  #panel(state) {
    const words = this.#given ? t("parts.given") : undefined;
    const lead = effectParts.parts(this.parts || this.#given, () => this.allow(false), words);
    borderPanel("reshape", { ...state, lead, offers: this.offers }, this.verbs());
  }

  /** An area may fall into parts from now on, or no more; either way nothing is given to a neighbour. */
  allow(parts) {
    this.#given = false;
    super.allow(parts);
  }

  /** What is cut off an area goes to a neighbour from now on. */
  #give() {
    this.#given = true;
    this.parts = false;
    this.follow();
  }

  /** Beside the parts that may be: whoever the server says would take what is cut off. */
  get offers() {
    const to = (!this.#given && this.refusal?.code === "parts" && this.refusal.body?.to) || [];
    if (!to.length) return super.offers;
    const called = (code) => places.short(this.desk.coverage.byCode(code) ?? { code });
    return [...super.offers, { key: "give", words: t("parts.give", { to: format.list(to.map(called)) }), verb: () => this.#give() }];
  }

  told(answer) {
    const pieces = border.pieces(answer);
    this.view.show(pieces);
    tip.show(borderTip(answer, pieces, this.words(this.length())));
    this.#panel({ answer, pieces });
    const sides = pieces.map((piece) => t("border.said", { what: places.short(piece), change: format.signed(border.change(piece) ?? 0) }));
    say.politely([this.spoken, ...sides].filter(Boolean).join(", "));
  }

  refused(error) {
    const { distance_m: short } = error.body ?? {};
    const open = error.code === "line-inside" && typeof short === "number";
    const words = open ? t("reshape.again-short", { m: format.length(short) }) : error.text;
    if (open && !this.draft.closed) {
      this.tellMissing(words, this.length());
      return;
    }
    this.desk.canvas.show("draft", draftFeatures(this.draft, { added: error.where ? [error.where] : [] }));
    this.#panel({ answer: null, pieces: [], refusal: error });
    this.tellBad(words);
  }

  lacking() {
    return t("reshape.again");
  }

  drop() {
    this.#given = false;
    super.drop();
  }

  /** What was on the screen when it was drawn: whoever cuts one of these in between is told. */
  sealed(form) {
    return { ...form, versions: form.versions ?? border.versions(this.preview.answer, this.desk.coverage) };
  }
}
