// What the tools that divide one area have in common: a click picks it, what would become of it is shown at once, Enter saves.
import { api } from "../../data/api.js";
import { boot } from "../../data/boot.js";
import { t } from "../../data/i18n.js";
import { page } from "../../data/page.js";
import { hint } from "../../ui/hint.js";
import { say } from "../../ui/say.js";
import { tip } from "../../ui/tip.js";
import { MovedView } from "../moved_view.js";
import { Preview } from "../preview.js";
import { save } from "../save.js";
import { PickingMode } from "./picking_mode.js";

/**
 * Owns the area and its preview. A tool names its texts by `tool` and says in `form` what is asked (null: not yet), in `told`
 * how the answer looks on the map, in `panel` what stands at the side, in `forget` what begins anew.
 */
export class OneAreaMode extends PickingMode {
  /** as the API shows it; null until one is picked */
  area = null;
  refusal = null;
  #turn = 0;
  #pointed = false;

  /** @param {import("../desk.js").Desk} desk */
  constructor(desk) {
    super(desk);
    this.view = new MovedView(desk.canvas);
    this.preview = new Preview((form, signal) => api.post(boot.urls.preview, { body: form, signal }), {
      onAnswer: (answer) => {
        if (page.tool !== this.tool || !this.area) return;
        this.refusal = null;
        this.told(answer);
        this.panel();
      },
      onRefusal: (error) => this.#refused(error),
      onSlow: () => tip.wait(),
    });
    page.on("selection", () => {
      if (page.tool === this.tool) this.#pick();
    });
  }

  /** The answer that is shown. */
  get answer() {
    return this.refusal ? null : this.preview.answer;
  }

  enter() {
    this.guide();
    if (page.selection.length > 1) page.set({ selection: [] });
    else this.#pick();
  }

  /** The line of the tool in the context bar. */
  guide() {
    hint.show(t(`hint.${this.tool}`));
  }

  leave() {
    this.#pointed = false;
    this.drop();
    this.desk.tell.card();
  }

  press({ area, point }) {
    this.#pointed = true;
    const found = area();
    tip.move(point);
    if (found) page.set({ selection: this.picked(found) ? [] : [found] });
  }

  hover({ point }) {
    this.#pointed = true;
    tip.move(point);
  }

  /** Shows the tip: at the pointer, or beside the area as long as no pointer came over the map. */
  tell(lines) {
    if (!this.#pointed) {
      const places = this.answer.changed.filter((one) => one.geometry).flatMap((one) => one.geometry.coordinates.flat(one.geometry.type === "Polygon" ? 1 : 2));
      const points = places.map((place) => this.desk.canvas.gl.project(place));
      tip.move({ x: Math.max(...points.map(({ x }) => x)), y: Math.min(...points.map(({ y }) => y)) });
    }
    tip.show(lines);
  }

  async #pick() {
    const turn = (this.#turn += 1),
      [one] = page.selection;
    this.#unshow();
    this.area = null;
    this.forget();
    this.panel();
    if (!one) return;
    const area = await api.get(boot.urls.area, { path: { code: one.code } }).catch(() => null);
    if (turn !== this.#turn || page.tool !== this.tool) return;
    this.area = area;
    this.ask();
  }

  /** Asks what would become of the area. */
  ask() {
    const form = this.area ? this.form(this.area) : null;
    if (form) this.preview.ask(form);
    else this.#unshow();
    this.panel();
  }

  #refused(error) {
    if (page.tool !== this.tool) return;
    this.refusal = error;
    this.view.clear();
    tip.hide();
    this.panel();
    say.politely(error.text);
  }

  /** What the buttons of the panel do. */
  verbs() {
    return {
      cancel: () => this.cancel(),
      save: () => this.finish(),
      see: (where) => this.desk.canvas.goTo({ where }),
    };
  }

  /** Saves what is shown; waits for the preview that is on its way. */
  async finish() {
    await this.preview.settle();
    const form = this.preview.form ?? this.preview.stale;
    if (!form) return void say.now(this.refusal?.text ?? t(`${this.tool}.pick`));
    const dropped = () => {
      this.drop();
      page.set({ selection: [] });
    };
    await save(form, {
      desk: this.desk,
      onSaved: (answer) => {
        dropped();
        this.desk.tell.saved(answer);
      },
      onDropped: () => {
        dropped();
        this.desk.tell.renew();
      },
      onStay: () => this.#pick(),
      onRefused: (error) => this.#refused(error),
    });
  }

  #unshow() {
    this.preview.drop();
    this.refusal = null;
    this.view.clear();
    tip.hide();
  }

  /** Nothing is shown any more. */
  drop() {
    this.#turn += 1;
    this.#unshow();
    this.area = null;
    this.forget();
  }

  // ---- what a tool says otherwise --------------------------------------------------------------------------------------
  forget() {}
}
