// The tool Divide: pick areas, say how many or by which norm, choose one of three proposals, Enter saves what is shown.
import { api } from "../../data/api.js";
import { boot } from "../../data/boot.js";
import { format } from "../../data/format.js";
import { t } from "../../data/i18n.js";
import { page } from "../../data/page.js";
import { dividePanel } from "../../ui/divide_panel.js";
import { hint } from "../../ui/hint.js";
import { say } from "../../ui/say.js";
import { places } from "../../ui/places.js";
import { tip } from "../../ui/tip.js";
import { longDivision } from "../long_division.js";
import { MovedView } from "../moved_view.js";
import { divide } from "../operations/divide.js";
import { Preview } from "../preview.js";
import { save } from "../save.js";
import { PickingMode } from "./picking_mode.js";

const MOST_NAMED = 3;

const plain = (n) => (n === null || n === undefined ? t("value.unknown") : String(n));

/** Owns the wish and the three proposals; the areas are the selection of the page. */
export class DivideMode extends PickingMode {
  #areas = new Map();
  #wish = this.#first();
  #chosen = 0;
  #proposals = divide.SEEDS.map(() => ({}));
  #norm = null;
  #said = Infinity; // parts that can be, as far as the server said so
  #kept = null;

  /** @param {import("../desk.js").Desk} desk */
  constructor(desk) {
    super(desk);
    this.view = new MovedView(desk.canvas);
    this.previews = divide.SEEDS.map(
      (seed) =>
        new Preview((form, signal) => this.#sought(seed, form, signal), {
          onAnswer: (answer) => this.#answered(seed, answer),
          onRefusal: (error) => this.#refused(seed, error),
        }),
    );
    page.on("selection", () => {
      if (page.tool === "divide") this.#picked();
    });
  }

  /** The server's answer, with a word on how far it is where that takes long. */
  #sought(seed, form, signal) {
    return longDivision.ask(form, signal, {
      name: this.#list().map((area) => area.name || places.short(area)).join(" + "),
      page: { selection: page.selection, wish: this.#wish },
      onProgress: (told) => {
        if (signal.aborted) return;
        this.#proposals[seed] = { told };
        this.#panel();
      },
    });
  }

  /** After a reload: the same areas and the same wish again. @param {{selection: object[], wish: object}} asked */
  resume({ selection, wish }) {
    this.#kept = { ...wish, own: true };
    page.set({ selection });
    this.desk.use("divide");
  }

  /** Norm of the areas that come out, where those picked are made of smaller ones: the first proposal tells it. */
  #known() {
    const known = divide.known(this.#list());
    return { ...known, norm: known.norm ?? this.#norm };
  }

  #first() {
    return { way: "parts", parts: 2, min: 0, max: 0, tolerance: 0.1, own: false, asked: false }; // own: changed; asked: that many parts
  }

  /** The preview whose proposal is chosen. */
  get preview() {
    return this.previews[this.#chosen];
  }

  enter() {
    hint.show(t("hint.divide"));
    this.#picked();
  }

  leave() {
    this.#drop();
    this.desk.tell.card();
  }

  key(event) {
    const seed = divide.distinct(this.#proposals)[Number(event.key) - 1];
    if (this.#proposals[seed]?.answer) {
      this.#choose(seed);
      return true;
    }
    return super.key(event);
  }

  async #picked() {
    const codes = page.selection.map((entry) => entry.code);
    const found = await Promise.all(codes.map((code) => api.get(boot.urls.area, { path: { code } }).catch(() => null)));
    if (page.tool !== "divide" || String(codes) !== String(page.selection.map((entry) => entry.code))) return;
    this.#areas = new Map(found.filter(Boolean).map((area) => [area.code, area]));
    this.#norm = null;
    this.#said = Infinity;
    this.#wish.asked = false; // a number typed for other areas is none for these
    if (this.#kept) [this.#wish, this.#kept] = [this.#kept, null];
    const known = this.#known();
    if (!this.#wish.own) {
      this.#wish.parts = divide.parts(this.#list(), known, "parts", this.#most);
      [this.#wish.min, this.#wish.max] = [known.norm?.min ?? 0, known.norm?.max ?? 0];
    }
    this.#ask();
  }

  #list() {
    return page.selection.map((entry) => this.#areas.get(entry.code)).filter(Boolean);
  }

  #change(change) {
    this.#wish = { ...this.#wish, ...change, own: true, asked: "parts" in change || (this.#wish.asked && !change.way) };
    const { norm } = this.#known();
    if (change.way === "workers") this.#wish.parts = divide.parts(this.#list(), this.#known(), "workers", this.#most);
    if (change.way === "norm" && norm) [this.#wish.min, this.#wish.max] = [norm.min ?? 0, norm.max];
    this.#ask();
  }

  /** Asks for the first proposal; the others follow one by one. */
  #ask() {
    this.previews.forEach((preview) => preview.drop());
    this.#proposals = divide.SEEDS.map(() => ({}));
    this.#chosen = 0;
    this.#clear();
    if (!this.#missing()) this.#send(0);
    this.#panel();
  }

  /** Parts that can be, as far as that is known. */
  get #most() {
    return divide.most(this.#list(), this.#wish, this.#said);
  }

  #missing() {
    return divide.missing(this.#list(), this.#wish, this.#most);
  }

  /** The same in words. */
  #lacks() {
    return this.#missing() && t(this.#missing(), { n: this.#most });
  }

  #send(seed) {
    this.previews[seed].ask(divide.form(this.#list(), this.#wish, seed));
  }

  #answered(seed, answer) {
    this.#proposals[seed] = { answer, figures: divide.figures(answer) };
    this.#norm ??= this.#proposals[seed].figures.areas.map((area) => area.after?.norm).find((norm) => norm?.max) ?? null;
    this.#next(seed);
    if (seed === this.#chosen) this.#show();
    this.#panel();
  }

  #refused(seed, error) {
    if (error.code === "too-many-parts" && this.#fewer(error.body.most)) return;
    this.#proposals[seed] = { error };
    if (seed === 0) say.politely(this.#lacks() ?? error.text);
    else this.#next(seed);
    this.#panel();
  }

  /** So many parts can be: a number that nobody asked for goes down to that. @returns {boolean} whether it is asked again */
  #fewer(most) {
    const { way, parts, asked } = this.#wish;
    this.#said = Math.min(most ?? Infinity, this.#said);
    if (way === "norm" || asked || this.#most < 2 || parts <= this.#most) return false;
    this.#wish.parts = this.#most;
    this.#ask();
    return true;
  }

  #next(seed) {
    if (divide.SEEDS.includes(seed + 1) && page.tool === "divide" && !this.#missing()) this.#send(seed + 1);
  }

  #stop(seed) {
    this.#proposals[seed].told?.stop();
    this.previews[seed].drop();
    for (const later of divide.SEEDS) if (!this.#proposals[later].answer) this.#proposals[later] = { stopped: true };
    say.politely(t("divide.stopped"));
    this.#panel();
  }

  #choose(seed) {
    this.#chosen = seed;
    this.#show();
    this.#panel();
  }

  #panel() {
    const areas = this.#list();
    dividePanel(
      { areas, wish: this.#wish, known: this.#known(), proposals: this.#proposals, chosen: this.#chosen, missing: this.#missing(), most: this.#most },
      {
        wish: (change) => this.#change(change),
        choose: (seed) => this.#choose(seed),
        stop: (seed) => this.#stop(seed),
        again: (seed) => this.#send(seed),
        cancel: () => this.cancel(),
        save: () => this.finish(),
        see: (where) => this.desk.canvas.goTo({ where }),
      },
    );
  }

  /** The chosen proposal on the map, with households in each part. */
  #show() {
    const { answer, figures } = this.#proposals[this.#chosen];
    if (!figures) return this.#clear();
    this.view.show(
      figures.areas.map((area, k) => ({ ...area, side: figures.sides[k], badge: "none", text: plain(area.after?.households) })),
      answer.changed,
    );
    const words = { n: figures.areas.length, least: plain(figures.least), most: plain(figures.most) };
    words.seed = divide.distinct(this.#proposals).indexOf(this.#chosen) + 1;
    say.politely(t("divide.said", words));
  }

  #clear() {
    this.view.clear();
    tip.hide();
  }

  /** Saves the proposal that is shown; waits for the first when it is on its way. */
  async finish() {
    if (this.#missing()) return void say.now(this.#lacks());
    if (!this.#proposals[this.#chosen].answer) await this.preview.settle();
    const form = this.preview.form ?? this.preview.stale;
    if (!form) return;
    await save(form, {
      desk: this.desk,
      onSaved: (answer) => {
        const said = this.#done(answer);
        this.#drop();
        page.set({ selection: [] });
        this.desk.tell.saved(answer, said);
      },
      onDropped: () => {
        this.#drop();
        page.set({ selection: [] });
        this.desk.tell.renew();
      },
      onStay: () => {
        this.#picked();
      },
      onRefused: (error) => this.#refused(this.#chosen, error),
    });
  }

  /** "Divided 06 grid: 16 -> 14", whatever it was made of. */
  #done({ changed }) {
    const picked = this.#list(),
      names = format.list(picked.slice(0, MOST_NAMED).map(places.short));
    const what = picked.length > MOST_NAMED ? t("list.and-more", { what: names, n: picked.length }) : names;
    return t("divide.done", { what, n: changed.filter((one) => one.before).length, into: changed.filter((one) => !one.retired && one.after).length });
  }

  #drop() {
    this.previews.forEach((preview) => preview.drop());
    this.#areas.clear();
    this.#wish = this.#first();
    this.#proposals = divide.SEEDS.map(() => ({}));
    this.#chosen = 0;
    this.#clear();
  }
}
