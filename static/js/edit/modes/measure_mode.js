// The tool Measure: length of a line, and the area it encloses, on the ellipsoid.
import { format } from "../../data/format.js";
import { geodesy } from "../../data/geodesy.js";
import { t } from "../../data/i18n.js";
import { el } from "../../ui/dom.js";
import { say } from "../../ui/say.js";
import { tip } from "../../ui/tip.js";
import { Draft } from "../draft.js";
import { draftFeatures } from "../draft_view.js";

/** Owns the line that is measured. */
export class MeasureMode {
  cursor = "draws";
  snaps = true;
  traces = true;
  draft = new Draft();

  /** @param {import("../desk.js").Desk} desk */
  constructor(desk) {
    this.desk = desk;
  }

  enter() {}

  leave() {
    this.#drop();
  }

  press(stop) {
    if (this.draft.closed) this.draft.clear();
    this.draft.hover = stop;
    if (this.draft.put(stop)) this.#follow();
    say.politely(this.#words().join(" "));
  }

  hover(stop) {
    if (this.draft.closed) return;
    this.draft.hover = stop;
    this.#follow();
  }

  double() {
    this.#close();
  }

  key(event) {
    if (event.key === "Backspace" && !this.draft.empty) {
      this.draft.back();
      this.#follow();
      return true;
    }
    if (event.key === "Enter" && !this.draft.empty) {
      this.#close();
      return true;
    }
    return false;
  }

  escape() {
    if (this.draft.empty) return false;
    this.#drop();
    return true;
  }

  #close() {
    this.draft.closed = true;
    this.#follow();
    say.politely(this.#words().join(" "));
  }

  #words() {
    const line = this.draft.line();
    return [
      line.length > 1 ? t("measure.length", { m: format.length(geodesy.length(line)) }) : t("measure.begin"),
      line.length > 2 ? t("measure.area", { a: format.area(geodesy.area(line)) }) : null,
    ].filter(Boolean);
  }

  #follow() {
    this.desk.canvas.show(
      "draft",
      draftFeatures(this.draft, { closed: this.draft.closed && this.draft.points.length > 2 }),
    );
    const [first, second] = this.#words();
    tip.show(
      [el("div", { class: "r n" }, first), second ? el("div", { class: "x" }, second) : null],
      this.draft.empty ? "quiet" : "",
    );
  }

  #drop() {
    this.draft.clear();
    this.desk.canvas.show("draft", []);
    tip.hide();
  }
}
