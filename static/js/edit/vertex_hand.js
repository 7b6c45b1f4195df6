// The vertex in hand: where it is to go, what that would give each area that shares it, saving it or letting it go.
import { api } from "../data/api.js";
import { boot } from "../data/boot.js";
import { format } from "../data/format.js";
import { geodesy } from "../data/geodesy.js";
import { t } from "../data/i18n.js";
import { borderPanel } from "../ui/border_panel.js";
import { borderTip } from "../ui/border_tip.js";
import { el } from "../ui/dom.js";
import { icon } from "../ui/icon.js";
import { places } from "../ui/places.js";
import { say } from "../ui/say.js";
import { tip } from "../ui/tip.js";
import { MovedView } from "./moved_view.js";
import { border } from "./operations/border.js";
import { vertex } from "./operations/vertex.js";
import { Preview } from "./preview.js";
import { save } from "./save.js";

const point = (kind, place) => ({ type: "Feature", properties: { kind }, geometry: { type: "Point", coordinates: place } });
const line = (coordinates) => ({ type: "Feature", properties: { kind: "line" }, geometry: { type: "LineString", coordinates } });
const tellBad = (words) => tip.show([el("div", { class: "r" }, icon("bad", "s"), words)], "refused");
const sharing = ({ shared }) => ({ n: shared.length, count: shared.length });

/** Owns the vertex and its preview. Verbs: take, to, put, remove, insert, finish, escape, drop, features. */
export class VertexHand {
  /** @type {{handle: object, to: [number, number], follows: boolean, gone: boolean} | null} `follows`: it goes with the pointer */
  chosen = null;
  #refusal = null;

  /**
   * @param {import("./desk.js").Desk} desk
   * @param {{draw: () => void, saved: (answer: object) => void, carried: () => boolean}} verbs `draw`: what is shown has
   *   changed; `carried`: the button is still down
   */
  constructor(desk, verbs) {
    this.desk = desk;
    this.verbs = verbs;
    this.view = new MovedView(desk.canvas);
    this.preview = new Preview((form, signal) => api.post(boot.urls.preview, { body: form, signal }), {
      onAnswer: (answer) => this.#answered(answer),
      onRefusal: (error) => this.#refused(error),
      onSlow: () => tip.wait(),
    });
  }

  /** It was put down elsewhere, or is to go: that is to be saved or let go first. */
  get waits() {
    if (!this.chosen || this.chosen.follows || this.verbs.carried()) return false;
    return this.chosen.gone || String(this.chosen.to) !== String(this.chosen.handle.place);
  }

  /** Says that what was moved waits. */
  tellWaits() {
    tellBad(t("vertex.waits"));
    say.politely(t("vertex.waits"));
  }

  /** What is drawn of it: its arms to the vertices around, where it stands, where the trouble is. */
  features() {
    const { handle, to, gone } = this.chosen;
    const arms = vertex.arms(handle.place, handle.shared);
    const made = gone ? (arms.length === 2 ? [line(arms)] : []) : arms.map((arm) => line([to, arm]));
    made.push(point("snap", gone ? handle.place : to), point(gone ? "new" : "vertex", gone ? handle.place : to));
    if (this.#refusal?.where) made.push(point("new", this.#refusal.where));
    return made;
  }

  /** @param {object} handle @param {boolean} follows it goes with the pointer from now on */
  take(handle, follows) {
    if (handle.kind === "fixed") return void this.tellFixed();
    this.chosen = { handle, to: handle.place, follows, gone: false };
    this.verbs.draw();
    say.politely(t("vertex.chosen", sharing(handle)));
  }

  tellFixed() {
    tip.show([el("div", { class: "r" }, icon("lock", "s"), t("vertex.fixed"))], "refused");
    say.politely(t("vertex.fixed"));
  }

  /** The vertex goes with the pointer; it looks for roads and buildings only. */
  to(stop) {
    const place = stop.kind === "vertex" || stop.kind === "border" ? stop.raw : stop.place;
    this.chosen.to = place;
    this.#refusal = null;
    this.verbs.draw();
    this.preview.ask(vertex.move(this.chosen.handle.place, place));
  }

  /** The vertex was let go: what cannot be goes back to where it was. */
  async put() {
    const { chosen } = this;
    await this.preview.settle();
    if (this.chosen !== chosen || !chosen) return;
    if (this.preview.cut) return; // asked again when the line is back: until then it stays where it was put
    if (this.preview.form ?? this.preview.stale) return void say.politely(t("vertex.put"));
    const words = this.#refusal?.words;
    this.escape();
    if (words) tellBad(words);
  }

  /** Shows what would be without it. */
  remove(handle) {
    if (handle.kind === "fixed") return void this.tellFixed();
    this.chosen = { handle, to: handle.place, follows: false, gone: true };
    this.#refusal = null;
    this.verbs.draw();
    this.preview.ask(vertex.remove(handle.place));
  }

  /** A new vertex moves no border: it is saved at once, and can be taken back. */
  insert(handle, area) {
    this.#write(vertex.insert(handle.place, area));
  }

  escape() {
    if (!this.chosen) return false;
    this.drop();
    this.verbs.draw();
    this.desk.tell.card();
    say.politely(t("vertex.back"));
    return true;
  }

  #panelVerbs() {
    return {
      cancel: () => this.escape(),
      save: () => this.finish(),
      see: (where) => this.desk.canvas.goTo({ where }),
    };
  }

  #answered(answer) {
    if (!this.chosen) return;
    this.#refusal = null;
    const { handle, to, gone, follows } = this.chosen;
    const pieces = border.pieces(answer);
    this.view.show(pieces);
    this.verbs.draw();
    const words = [
      t("vertex.shared", sharing(handle)),
      gone ? null : t("vertex.moved", { m: format.length(geodesy.length([handle.place, to])) }),
      follows || this.verbs.carried() ? null : t(this.desk.fingers.on ? "touch.saves" : "split.enter"),
    ];
    tip.show(borderTip(answer, pieces, words));
    borderPanel(answer.op, { answer, pieces }, this.#panelVerbs());
    say.politely(
      pieces.map((piece) => t("border.said", { what: places.short(piece), change: format.signed(border.change(piece) ?? 0) })).join(", "),
    );
  }

  #refused(error) {
    this.view.clear();
    if (!this.chosen) return;
    this.#refusal = error;
    error.words = error.code === "line-crosses-itself" ? t("vertex.crosses") : error.text;
    this.verbs.draw();
    tellBad(error.words);
    borderPanel(this.chosen.gone ? "delete_vertex" : "move_vertex", { answer: null, pieces: [], refusal: error }, this.#panelVerbs());
    say.politely(error.words);
  }

  /** Saves what is shown; waits for the preview that is on its way. */
  async finish() {
    await this.preview.settle();
    const form = this.preview.form ?? this.preview.stale;
    if (!form) {
      if (this.#refusal) say.now(this.#refusal.words);
      return;
    }
    await this.#write({ ...form, versions: form.versions ?? border.versions(this.preview.answer, this.desk.coverage) });
  }

  #write(form) {
    return save(form, {
      desk: this.desk,
      onSaved: (answer) => {
        this.drop();
        this.verbs.saved();
        this.desk.tell.saved(answer);
      },
      onDropped: () => {
        this.drop();
        this.desk.tell.renew();
      },
      onStay: () => this.chosen && this.to({ place: this.chosen.to, kind: null }),
      onRefused: (error) => {
        this.#refused(error);
        if (!this.chosen) tellBad(error.text);
      },
    });
  }

  drop() {
    if (this.chosen) this.desk.canvas.gl.keyboard.enable();
    this.preview.drop();
    this.chosen = this.#refusal = null;
    this.desk.canvas.show("draft", []);
    this.view.clear();
    tip.hide();
  }
}
