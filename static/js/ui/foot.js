// The foot line: place under the pointer, scale, datum; age of the figures, known share, whether the coverage is whole.
import { boot } from "../data/boot.js";
import { format } from "../data/format.js";
import { groundPerPixel } from "../data/ground_scale.js";
import { t } from "../data/i18n.js";
import { named } from "../data/named.js";
import { levels } from "../data/levels.js";
import { el } from "./dom.js";
import { footPlace } from "./foot_place.js";
import { icon } from "./icon.js";

let pointed = false; // until then the middle of the map is told
const PIXEL_M = 0.0254 / 96;
const host = document.getElementById("foot");
const scale = el("span", { class: "it" }),
  known = el("span", { class: "it" }),
  whole = el("span", { class: "it" });
host.append(footPlace.text, footPlace.system, scale, el("span", { class: "g" }), known, whole);

export const foot = {
  /** @param {import("../map/canvas.js").Canvas} canvas */
  watch({ gl }) {
    const tell = () => {
      if (!pointed) footPlace.tell([gl.getCenter().lng, gl.getCenter().lat]);
      scale.textContent = format.scale(groundPerPixel(gl.getCenter().lat, gl.getZoom()) / PIXEL_M);
    };
    gl.on("move", tell);
    gl.on("mousemove", (event) => foot.here([event.lngLat.lng, event.lngLat.lat]));
    tell();
  },

  /** The pointer or the cross-hair stands here. @param {[number, number]} place lon, lat */
  here(place) {
    pointed = true;
    footPlace.tell(place);
  },

  /** @param {object | null} summary as GET /api/summary gives it */
  tell(summary) {
    if (!summary) return;
    const age = summary.age_s ?? null;
    known.textContent =
      age === null
        ? t("foot.known", { share: format.percent(summary.known_share) })
        : t("foot.data", { age: format.age(age), share: format.percent(summary.known_share) });
    const { coverage } = summary;
    if (!coverage) return;
    const broken = coverage.gaps + coverage.overlaps + coverage.nesting;
    const unit = named(boot.levels, levels.deepest);
    whole.className = `it ${broken ? "c-bad" : "c-ok"}`;
    whole.replaceChildren(
      icon(broken ? "bad" : "ok", "s"),
      broken
        ? t("foot.broken", coverage)
        : t("foot.whole", { n: format.number(summary.leaves), unit, count: summary.leaves }),
    );
  },
};
