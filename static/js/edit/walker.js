// Tab goes from area to area in view, in the order of their codes; the map stays where it is.
import { t } from "../data/i18n.js";
import { page } from "../data/page.js";
import { figureText } from "../ui/figure_text.js";
import { places } from "../ui/places.js";
import { say } from "../ui/say.js";
import { plane } from "./plane.js";

/** Owns the area one stands on. Verbs: step, leave. */
export class Walker {
  /** @type {{fid: number, code: string, name: string, level: string} | null} */
  area = null;

  /** @param {import("../map/canvas.js").Canvas} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    page.on(["level", "tool"], () => this.leave());
    canvas.gl.getCanvas().addEventListener("blur", () => this.leave());
  }

  /**
   * @param {1 | -1} by
   * @returns {object | null} the next area in view, null beyond the last: the focus goes on
   */
  step(by) {
    const seen = new Map();
    for (const feature of this.canvas.gl.queryRenderedFeatures({ layers: ["land"] }))
      seen.set(feature.id, [...(seen.get(feature.id) ?? []), feature]);
    const areas = [...seen].sort(([, [a]], [, [b]]) =>
      a.properties.code.localeCompare(b.properties.code, undefined, { numeric: true }),
    );
    const from = this.area ?? page.selection.at(-1) ?? null;
    const now = from ? areas.findIndex(([fid]) => fid === from.fid) : -1;
    const next = now < 0 ? (by > 0 ? 0 : areas.length - 1) : now + by;
    if (!(next in areas)) {
      this.leave();
      return null;
    }
    const [fid, features] = areas[next];
    const { code, name, level } = features[0].properties;
    this.#stand({ fid, code, name, level, place: this.#inner(features) });
    say.politely(t("say.area", { what: this.words(), n: next + 1, all: areas.length }));
    return this.area;
  }

  /** "04-05微网格, 127 户" */
  words(area = this.area) {
    return `${places.title(area)} ${figureText.shown(page.legend, area.fid)}`.trim();
  }

  leave() {
    if (this.area) this.#mark(this.area.fid, false);
    this.area = null;
  }

  #stand(area) {
    this.leave();
    this.area = area;
    this.#mark(area.fid, true);
  }

  #mark(fid, walked) {
    this.canvas.gl.setFeatureState({ source: "areas", sourceLayer: "areas", id: fid }, { walked });
  }

  /** A point inside the part of it that is seen best. */
  #inner(features) {
    const pieces = features.flatMap(({ geometry }) =>
      geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates,
    );
    const { clientWidth, clientHeight } = this.canvas.gl.getContainer();
    const seen = pieces.filter((piece) => {
      const { x, y } = this.canvas.gl.project(plane.inner([piece]));
      return x >= 0 && y >= 0 && x <= clientWidth && y <= clientHeight;
    });
    return plane.inner(seen.length ? seen : pieces);
  }
}
