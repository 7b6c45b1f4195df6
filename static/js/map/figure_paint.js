// Paints the figures of the level in view on its areas: class and hatch by feature-state, value and mark in the label.
import { boot } from "../data/boot.js";
import { classify } from "../data/classes.js";
import { figures } from "../data/figures.js";
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { levels } from "../data/levels.js";
import { page } from "../data/page.js";
import { tiles } from "./tiles.js";

/** What stands under the code of an area. */
export function valueText(metric, value) {
  if (value === null) return t("value.unknown");
  if (metric.type === "rate") return format.percent(value);
  const key = `unit.${metric.unit}`;
  const unit = t(key);
  return boot.lang === "zh" && unit !== key ? `${format.number(value)} ${unit}` : format.number(value);
}

/** Owns the feature-states `c` (class), `u` (unknown) and `x` (unassigned) of the areas. Verbs: show, again. */
export class FigurePaint {
  #asked = 0;
  #painted = new Map();
  #values = {};
  #marks = {};
  #locks = {};

  /** @param {import("./canvas.js").Canvas} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    page.on(["level", "metric"], () => this.show());
  }

  /** Reads and paints the figures of the level and metric in view; a later call overtakes an earlier one. */
  async show() {
    if (!this.canvas.loaded) return;
    const turn = ++this.#asked;
    const metric = boot.metrics.find((entry) => entry.id === page.metric) ?? boot.metrics[0];
    if (!metric || !boot.map.bounds) return;
    let read;
    try {
      read = await figures.load(page.level, metric.id);
    } catch {
      return;
    }
    if (turn !== this.#asked) return;
    if (levels.news(read.levels)) return this.#relevel();
    const bare = new Set(read.unassigned ?? []);
    const { classes, of, unknown, norm } = classify(metric, read);
    const set = (fid, state) => {
      const key = `${state.c} ${state.u} ${state.x}`;
      if (this.#painted.get(fid) === key) return;
      this.#painted.set(fid, key);
      this.canvas.gl.setFeatureState({ source: "areas", sourceLayer: "areas", id: fid }, state);
    };
    const values = {},
      marks = {};
    read.fid.forEach((fid, i) => {
      set(fid, { c: of[i], u: of[i] === -1, x: bare.has(fid) });
      values[fid] = `${bare.has(fid) ? `${t("area.unassigned")} ` : ""}${valueText(metric, read.value[i])}`;
      const mark = of[i] >= 0 ? classes.find((entry) => entry.index === of[i])?.mark : null;
      if (mark) marks[fid] = mark;
    });
    if (this.metric !== metric.id) {
      this.#values = {};
      this.#marks = {};
      this.metric = metric.id;
    }
    Object.assign(this.#values, values);
    for (const fid of read.fid) delete this.#marks[fid];
    Object.assign(this.#marks, marks);
    this.canvas.gl.setGlobalStateProperty("values", { ...this.#values });
    this.canvas.gl.setGlobalStateProperty("marks", { ...this.#marks });
    for (const fid of read.fid) delete this.#locks[fid];
    for (const fid of read.locked ?? []) this.#locks[fid] = "shut";
    this.canvas.gl.setGlobalStateProperty("locks", { ...this.#locks });
    const ages = (read.age_s ?? []).filter((age) => age !== null);
    const same =
      JSON.stringify(classes.map((entry) => entry.token)) ===
      JSON.stringify(page.legend?.classes.map((entry) => entry.token));
    page.set({
      legend: {
        metric,
        level: page.level,
        classes,
        unknown,
        unassigned: bare.size,
        norm,
        age_s: ages.length ? ages.reduce((a, b) => Math.max(a, b), 0) : null,
        of: new Map(read.fid.map((fid, i) => [fid, read.value[i]])),
      },
      ...(same ? {} : { isolate: null }),
    });
  }

  /** The first area of a level came, or the last one went: the map learns what it shows at which zoom. */
  async #relevel() {
    await levels.learn();
    this.canvas.relevel(tiles.sources());
    figures.forget();
    page.set({ level: levels.at(this.canvas.gl.getZoom()) });
    return this.show();
  }

  /** After an edit: figures are read again, the map stays where it is. */
  again() {
    figures.forget();
    return this.show();
  }
}
