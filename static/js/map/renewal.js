// From an edit to what is on the screen, one's own or another's: only the tiles on its ground are asked anew, figures and
// totals are read again, the map stays put.
import { api } from "../data/api.js";
import { boot } from "../data/boot.js";
import { page } from "../data/page.js";
import { foot } from "../ui/foot.js";
import { readTotals } from "../ui/totals_card.js";
import { flash } from "./flash.js";
import { tiles } from "./tiles.js";

const MOST_ASKED = 24;
const REST_MS = 2000, // between two readings of all figures because others edit
  REST_TIMES = 4, // and so many times what the reading took
  OWN_MS = 700; // the page's own work after a save of its own begins within this time

/** Bounds of all geometries; an undo tells none, then the areas are asked; null = anywhere. */
async function boundsOf(changed) {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  const walk = (coordinates) => {
    if (typeof coordinates[0] === "number") {
      box[0] = Math.min(box[0], coordinates[0]);
      box[1] = Math.min(box[1], coordinates[1]);
      box[2] = Math.max(box[2], coordinates[0]);
      box[3] = Math.max(box[3], coordinates[1]);
    } else for (const inner of coordinates) walk(inner);
  };
  for (const area of changed) if (area.geometry) walk(area.geometry.coordinates);
  const bare = changed.filter((area) => !area.geometry && !area.retired);
  if (bare.length > MOST_ASKED) return null;
  const told = await Promise.all(
    bare.map((area) => api.get(boot.urls.area, { path: { code: area.code } }).catch(() => null)),
  );
  for (const area of told)
    if (area) {
      walk(area.bounds.slice(0, 2));
      walk(area.bounds.slice(2));
    }
  return box[0] < Infinity ? box : null;
}

const later = (rev) => page.set({ rev: Math.max(page.rev, rev) });

/** Owns the way from a change to what is on the screen. Verbs: after, zones, heard, summary, all. */
export class Renewal {
  totals = null;
  /** revisions this page has already drawn because it made them */
  #own = new Set();
  #timer = null;
  #free = 0;
  #asked = 0;
  #shown = { zones: 0, sums: 0, totals: 0 }; // which question the answer on the screen is of

  /** @param {import("./canvas.js").Canvas} canvas @param {import("./figure_paint.js").FigurePaint} paint */
  constructor(canvas, paint) {
    this.canvas = canvas;
    this.paint = paint;
    page.on("level", () => this.summary());
  }

  /** @param {{rev: number, changed: object[]}} answer of a saved edit */
  async after(answer) {
    this.#own.add(answer.rev);
    tiles.touched(answer.rev, await boundsOf(answer.changed ?? []), ["areas"]);
    later(answer.rev);
    this.canvas.renew(["areas"]);
    await Promise.all([this.paint.again(), this.summary(), this.onAfter?.()]);
  }

  /** @param {object | null} zone that changed; null: only the list is read */
  async zones(zone) {
    if (!boot.zone_kinds.length) return;
    if (zone) {
      this.#own.add(zone.rev);
      tiles.touched(zone.rev, zone.bounds ?? null, ["zones"]);
      later(zone.rev);
      this.canvas.renew(["zones"]);
      this.#figuresSoon(); // zones in force need staff
    }
    const midnight = new Date();
    midnight.setHours(0, 0, 0, 0);
    const query = { lifted_since: midnight.toISOString() };
    const turn = ++this.#asked;
    const [told] = await Promise.all([api.get(boot.urls.zones, { query }).catch(() => null), this.#sums()]);
    if (told && this.#newer("zones", turn)) page.set({ zones: told.zones });
  }

  /** Whether an answer is of a later question than the one on the screen: answers may overtake each other. */
  #newer(what, turn) {
    if (turn < this.#shown[what]) return false;
    this.#shown[what] = turn;
    return true;
  }

  /** The table of zones: it changes with a decision, and with the people anywhere in the scope. */
  async #sums() {
    if (!boot.zone_kinds.length) return;
    const turn = ++this.#asked;
    const told = await api.get(boot.urls.zone_summary).catch(() => null);
    if (told && this.#newer("sums", turn)) page.set({ zoneSums: told });
  }

  /**
   * Edits the stream told, oldest first. Those this page made itself are drawn by `after` and are left out.
   * @param {object[]} edits data of `edit` events
   * @param {(theirs: object[]) => void} onTheirs is told of the edits of others before the map asks for its tiles
   */
  async heard(edits, onTheirs) {
    await api.written();
    const mine = edits.filter((edit) => api.own.has(edit.rev)),
      theirs = edits.filter((edit) => !api.own.has(edit.rev));
    if (mine.length)
      setTimeout(() => {
        const left = mine.filter((edit) => !this.#own.has(edit.rev));
        if (left.length) this.#draw(left);
      }, OWN_MS);
    if (theirs.length) {
      later(Math.max(...theirs.map((edit) => edit.rev)));
      onTheirs(theirs);
      this.#draw(theirs);
      flash(this.canvas, [...new Set(theirs.flatMap((edit) => edit.areas))]);
    }
  }

  #draw(edits) {
    if (edits.some((edit) => edit.all)) {
      this.all();
      return;
    }
    for (const edit of edits) if (edit.layers.length) tiles.touched(edit.rev, edit.bounds, edit.layers);
    later(Math.max(...edits.map((edit) => edit.rev)));
    const layers = [...new Set(edits.flatMap((edit) => edit.layers))];
    this.canvas.renew(layers);
    if (layers.includes("zones")) this.zones(null);
    if (edits.some((edit) => edit.facts || edit.areas.length || edit.layers.includes("zones"))) this.#figuresSoon(); // zones in force need staff
  }

  /** Figures and totals once more, but not without end while twenty others edit. */
  #figuresSoon() {
    this.#timer ??= setTimeout(
      async () => {
        const began = performance.now();
        await Promise.all([this.paint.again(), this.summary()]).catch(() => null);
        this.#free = performance.now() + Math.max(REST_MS, REST_TIMES * (performance.now() - began));
        this.#timer = null;
      },
      Math.max(0, this.#free - performance.now()),
    );
  }

  /** Totals of the level in view for the side panel and the foot. */
  async summary() {
    const level = page.level,
      turn = ++this.#asked;
    if (page.zones?.length) this.#sums();
    const totals = await readTotals();
    if (totals && level === page.level && this.#newer("totals", turn)) {
      this.totals = totals;
      foot.tell(totals);
      this.onTotals?.();
    }
  }

  /** Everything anew: somebody else changed the map. */
  async all() {
    const told = await api.get(boot.urls.areas, { query: { limit: 1 } }).catch(() => null);
    tiles.touched(told?.rev ?? page.rev, null);
    if (told) later(told.rev);
    this.canvas.renew();
    await Promise.all([this.paint.again(), this.summary(), this.zones(null)]);
  }
}
