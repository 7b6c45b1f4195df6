// Tile addresses: each tile is asked with the revision of the last edit that touched its ground, so an edit renews
// only what it changed and everything else stays in the browser's cache.
import { boot } from "../data/boot.js";
import { levels } from "../data/levels.js";

const OPTIONAL = ["buildings", "estates", "roads", "water", "barriers", "gates", "places"];

/** @type {Array<{rev: number, layers: string[] | null, bounds: [number, number, number, number]}>} in no order */
const edits = [];
const MOST = 400; // edits remembered one by one; older ones count as one

function tileBounds(z, x, y) {
  const n = 2 ** z;
  const lon = (column) => (column / n) * 360 - 180;
  const lat = (row) => (Math.atan(Math.sinh(Math.PI * (1 - (2 * row) / n))) * 180) / Math.PI;
  const margin = 360 / n / 32;
  return [lon(x) - margin, lat(y + 1) - margin, lon(x + 1) + margin, lat(y) + margin];
}

const meets = (a, b) => a[0] <= b[2] && b[0] <= a[2] && a[1] <= b[3] && b[1] <= a[3];

export const tiles = {
  /** @returns {Record<string, object>} MapLibre vector sources by name; upper levels have one each for their borders */
  sources() {
    const wanted = [
      "areas",
      ...OPTIONAL.filter((layer) => boot.map.has?.[layer]),
      ...(boot.zone_kinds.length ? ["zones"] : []),
      ...(boot.zone_kinds.some((kind) => !kind.drawn) ? ["zones_rest"] : []),
    ];
    const source = (layer, query = "") => ({
      type: "vector",
      tiles: [`${location.origin}${boot.urls.tile.replace("{layer}", layer)}${query}`],
      minzoom: 0,
      maxzoom: boot.map.max_zoom ?? 16,
    });
    levels.cap(boot.map.max_zoom ?? 16);
    return {
      ...Object.fromEntries(wanted.map((layer) => [layer, source(layer)])),
      ...Object.fromEntries(
        levels.ids
          .slice(0, -1)
          .map((level) => [`areas-${level}`, source("areas", `?level=${encodeURIComponent(level)}`)]),
      ),
    };
  },

  /** Notes an edit. @param {number} rev @param {[number, number, number, number] | null} bounds null: everywhere */
  touched(rev, bounds, layers = null) {
    const everywhere = [-180, -90, 180, 90];
    edits.push({ rev, bounds: bounds ?? everywhere, layers });
    if (layers?.includes("zones")) edits.push({ rev, bounds: everywhere, layers: ["zones_rest"] });
    if (edits.length <= MOST) return;
    const old = edits.splice(0, MOST / 2);
    edits.unshift({
      rev: Math.max(...old.map((edit) => edit.rev)),
      bounds: [0, 1, 2, 3].map((i) => Math[i < 2 ? "min" : "max"](...old.map((edit) => edit.bounds[i]))),
      layers: null,
    });
  },

  /** @param {string} url @returns {string} the address with the revision that is right for this tile */
  address(url) {
    const found = url.match(/\/([a-z_]+)\/(\d+)\/(\d+)\/(\d+)\.mvt/);
    if (!found) return url;
    const [, layer, z, x, y] = found;
    const level = boot.map.finer && layer === "areas" && !url.includes("level=") ? `&level=${encodeURIComponent(levels.at(Number(z)))}` : "";
    const bounds = tileBounds(Number(z), Number(x), Number(y));
    let rev = boot.rev; // the latest, in whatever order they were told
    for (const edit of edits)
      if (edit.rev > rev && (!edit.layers || edit.layers.includes(layer)) && meets(edit.bounds, bounds)) rev = edit.rev;
    return `${url}${url.includes("?") ? "&" : "?"}rev=${rev}${level}`;
  },
};
