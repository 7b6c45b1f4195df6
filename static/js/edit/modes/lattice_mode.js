// The tool Lattice: pick a market, say how many rows and columns of stalls, lay a baseline by two clicks if need be, Enter saves.
import { t } from "../../data/i18n.js";
import { latticePanel } from "../../ui/lattice_panel.js";
import { say } from "../../ui/say.js";
import { Draft } from "../draft.js";
import { draftFeatures } from "../draft_view.js";
import { lattice } from "../operations/lattice.js";
import { OneAreaMode } from "./one_area_mode.js";

/** Owns the numbers and the baseline. */
export class LatticeMode extends OneAreaMode {
  tool = "lattice";
  wish = { ...lattice.FIRST };
  /** corner and a place along the rows; null: by the ground itself */
  baseline = null;
  #draft = null;

  /** The baseline while it is drawn: the desk then gives the pointer to it, and the cross-hair. */
  get draft() {
    return this.#draft;
  }

  get snaps() {
    return Boolean(this.#draft);
  }

  set snaps(_) {}

  get missing() {
    return lattice.missing(this.wish);
  }

  /** @param {{rows?: number, columns?: number, group?: number}} change */
  set(change) {
    this.wish = { ...this.wish, ...change };
    this.ask();
  }

  form(area) {
    return this.missing || this.#draft ? null : lattice.form(area, this.wish, this.baseline);
  }

  told(answer) {
    const { units, stalls } = lattice.figures(answer);
    this.view.show(units.map((unit) => ({ ...unit, side: lattice.side(unit), badge: "none", text: unit.name })));
    say.politely(t("lattice.said", { n: units.length, stalls }));
  }

  panel() {
    latticePanel(this, this.verbs());
  }

  verbs() {
    return {
      ...super.verbs(),
      draw: () => this.begin(),
      clear: () => {
        this.baseline = null;
        this.#show();
        this.ask();
      },
    };
  }

  // ---- the baseline ----------------------------------------------------------------------------------------------------
  /** The next two clicks are the corner and the direction of the rows. */
  begin() {
    this.#draft = new Draft();
    this.desk.shapes();
    this.desk.canvas.gl.getCanvas().focus();
    this.ask();
    say.politely(t("lattice.corner"));
  }

  press(stop) {
    if (!this.#draft) return void super.press(stop);
    this.#draft.hover = stop;
    if (!this.#draft.put(stop)) return;
    if (this.#draft.points.length < 2) {
      say.politely(t("lattice.direction"));
      this.#show();
      this.panel();
      return;
    }
    this.baseline = this.#draft.points.map((point) => point.place);
    this.#lay();
  }

  hover(stop) {
    super.hover(stop);
    if (!this.#draft) return;
    this.#draft.hover = stop;
    this.#show();
  }

  key(event) {
    if (this.#draft && event.key === "Backspace") {
      if (!this.#draft.back()) this.#lay();
      this.#show();
      this.panel();
      return true;
    }
    if (event.key.toLowerCase() === "k" && this.area && !this.#draft) {
      this.begin();
      return true;
    }
    return super.key(event);
  }

  escape() {
    if (!this.#draft) return super.escape();
    this.#lay();
    say.politely(t("say.dropped"));
    return true;
  }

  /** The panel's Cancel: the baseline goes, else the tool. */
  cancel() {
    if (this.#draft) this.escape();
    else super.cancel();
  }

  /** The baseline is as it is; the lattice is asked for again. */
  #lay() {
    this.#draft = null;
    this.#show();
    this.ask();
  }

  #show() {
    const line = this.#draft ? draftFeatures(this.#draft) : this.baseline ? [{ type: "Feature", properties: { kind: "line" }, geometry: { type: "LineString", coordinates: this.baseline } }] : [];
    const corner = this.#draft || !this.baseline ? [] : [{ type: "Feature", properties: { kind: "vertex" }, geometry: { type: "Point", coordinates: this.baseline[0] } }];
    this.desk.canvas.show("draft", [...line, ...corner]);
  }

  forget() {
    this.#draft = null;
    this.baseline = null;
    this.#show();
  }
}
