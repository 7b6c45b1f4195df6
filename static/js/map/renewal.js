// After an edit: only the tiles on its ground are asked anew, figures and totals are read again, the map stays put.
import { api } from "../data/api.js";
import { boot } from "../data/boot.js";
import { page } from "../data/page.js";
import { foot } from "../ui/foot.js";
import { readTotals } from "../ui/totals_card.js";
import { tiles } from "./tiles.js";

const MOST_ASKED = 24;

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

/** Owns the way from a saved change to what is on the screen. Verbs: after, zones, summary, all. */
export class Renewal {
  totals = null;

  /** @param {import("./canvas.js").Canvas} canvas @param {import("./figure_paint.js").FigurePaint} paint */
  constructor(canvas, paint) {
    this.canvas = canvas;
    this.paint = paint;
    page.on("level", () => this.summary());
  }

  /** @param {{rev: number, changed: object[]}} answer of a saved edit */
  async after(answer) {
    tiles.touched(answer.rev, await boundsOf(answer.changed ?? []), ["areas"]);
    page.set({ rev: answer.rev });
    this.canvas.renew(["areas"]);
    await Promise.all([this.paint.again(), this.summary(), this.onAfter?.()]);
  }

  /** @param {object | null} zone that changed; null: only the list is read */
  async zones(zone) {
    if (!boot.zone_kinds.length) return;
    if (zone) {
      tiles.touched(zone.rev, zone.bounds ?? null, ["zones"]);
      page.set({ rev: zone.rev });
      this.canvas.renew(["zones"]);
    }
    const told = await api.get(boot.urls.zones).catch(() => null);
    if (told) page.set({ zones: told.zones });
  }

  /** Totals of the level in view for the side panel and the foot. */
  async summary() {
    const level = page.level;
    const totals = await readTotals();
    if (totals && level === page.level) {
      this.totals = totals;
      foot.tell(totals);
      this.onTotals?.();
    }
  }

  /** Everything anew: somebody else changed the map. */
  async all() {
    const told = await api.get(boot.urls.areas, { query: { limit: 1 } }).catch(() => null);
    tiles.touched(told?.rev ?? page.rev, null);
    if (told) page.set({ rev: told.rev });
    this.canvas.renew();
    await Promise.all([this.paint.again(), this.summary(), this.zones(null)]);
  }
}
