// The look of the map as one MapLibre style made from tokens: land, figures, borders, zones, labels, the drawing.
import { layer } from "./layer.js";
import { base } from "./style_base.js";
import { upperBorders } from "./style_borders.js";
import { areaLabels } from "./style_labels.js";
import { peersStyle } from "./style_peers.js";
import { postsStyle } from "./style_posts.js";
import { work } from "./style_work.js";
import { zones } from "./style_zones.js";

const EMPTY = { type: "FeatureCollection", features: [] };
const FIXED = ["draft", "preview", "outline", "peers", "posts"];

/** Fill of an area by the class of its figure (feature-state `c`); while one class is isolated the others pale. */
function tint(ink, classes, isolate, ground) {
  const colours = classes.flatMap((entry) => [entry.index, ink[entry.token]]);
  const strength = isolate === null ? (ground ? 0.55 : 0.72) : ["case", ["==", layer.state("c", -1), isolate], 0.9, 0.12];
  return {
    // Always an expression: a tile reloaded while colours change from one to none would meet a binder of the other
    // kind.
    "fill-color": [
      "match",
      layer.state("c", -1),
      ...(colours.length ? colours : [0, "rgba(0,0,0,0)"]),
      "rgba(0,0,0,0)",
    ],
    "fill-opacity": ["case", ["==", layer.state("c", -1), -1], 0, strength],
  };
}

/**
 * @param {Record<string, string>} ink tokens of the theme
 * @param {Record<string, object>} tiles vector sources by name
 * @param {{classes: Array<{index: number, token: string}>, isolate: number|null, isolateZone: string|null, wash:
 *   boolean, hidden:
 *   Set<string>, ground: {format: string} | null}} shown
 * @returns {object} a complete MapLibre style without glyphs and sprite: texts come from the fonts of the machine
 */
export function mapStyle(ink, tiles, shown) {
  const selected = ["boolean", ["feature-state", "selected"], false];
  const { ground } = shown; // with a base map on, zones are drawn as on figures: halo and pattern, no wash
  const over = ground ? { ...shown, wash: false } : shown;
  const law = zones.areas(ink, over);
  const layers = [
    { id: "outside", type: "background", paint: { "background-color": ink["m-outside"] } },
    layer.tiled("land", "fill", "areas", {
      paint: { "fill-color": ink["m-land"], "fill-antialias": false, "fill-opacity": ground?.format === "raster" ? 0 : 1 },
    }),
    layer.tiled("tint", "fill", "areas", {
      paint: { ...tint(ink, shown.classes, shown.isolate, ground), "fill-antialias": false },
    }),
    layer.tiled("unknown", "fill", "areas", {
      paint: {
        "fill-pattern": "hatch-unknown",
        "fill-opacity": [
          "case",
          layer.state("u", false),
          shown.isolate === null || shown.isolate === -2 ? 0.8 : 0.15,
          0,
        ],
      },
    }),
    layer.tiled("unassigned", "fill", "areas", {
      paint: { "fill-pattern": "hatch-unassigned", "fill-opacity": ["case", layer.state("x", false), 0.7, 0] },
    }),
    ...base.ground(ink),
    layer.tiled("building", "fill", "buildings", {
      minzoom: 14,
      paint: {
        "fill-color": ["case", layer.state("painted", false), ink["edit-soft"], ink["m-building"]],
        "fill-outline-color": ink["m-building-line"],
        "fill-opacity": layer.byZoom(14, 0.5, 15.5, 0.85),
      },
    }),
    ...law.filter(({ type }) => type === "fill"),
    layer.tiled("border-halo", "line", "areas", {
      layout: { "line-join": "round" },
      paint: {
        "line-color": ink["m-halo"],
        "line-width": layer.byZoom(9, 1.2, 14, 2.4, 18, 3.4),
        "line-opacity": ground ? 0.75 : 0,
      },
    }),
    layer.tiled("border", "line", "areas", {
      layout: { "line-join": "round" },
      paint: {
        "line-color": ink[ground ? "m-border-2" : "m-border"],
        "line-width": layer.byZoom(9, 0.5, 14, 0.9, 18, 1.2),
      },
    }),
    ...upperBorders(ink),
    ...zones.rest(ink, over),
    ...law.filter(({ type }) => type === "line"),
    ...base.names(ink),
    layer.tiled("walked", "line", "areas", {
      layout: { "line-join": "round" },
      paint: {
        "line-color": ink.focus,
        "line-width": 3,
        "line-dasharray": [2, 1.4],
        "line-opacity": ["case", layer.state("walked", false), 1, 0],
      },
    }),
    layer.tiled("selected-halo", "line", "areas", {
      layout: { "line-join": "round" },
      paint: { "line-color": ink["m-halo"], "line-width": 6, "line-opacity": ["case", selected, 0.8, 0] },
    }),
    layer.tiled("selected", "line", "areas", {
      layout: { "line-join": "round" },
      paint: { "line-color": ink.select, "line-width": 3, "line-opacity": ["case", selected, 1, 0] },
    }),
    layer.tiled("building-painted", "line", "buildings", {
      minzoom: 14,
      layout: { "line-join": "round" },
      paint: { "line-color": ink.edit, "line-width": 2.4, "line-opacity": ["case", layer.state("painted", false), 1, 0] },
    }),
    ...peersStyle.outlines(ink),
    ...work.effect(ink),
    ...(shown.labels === false ? [] : [areaLabels(ink)]),
    ...zones.badges(),
    peersStyle.names(ink),
    ...postsStyle(ink),
    ...work.draft(ink),
  ].filter(({ source }) => !source || source in tiles || FIXED.includes(source));
  for (const one of layers) {
    if (shown.hidden.has(one.source?.replace("_rest", ""))) one.layout = { ...one.layout, visibility: "none" };
  }
  return {
    version: 8,
    layers,
    sources: { ...tiles, ...Object.fromEntries(FIXED.map((name) => [name, { type: "geojson", data: EMPTY }])) },
    state: { values: { default: {} }, marks: { default: {} } },
    transition: { duration: 0, delay: 0 },
  };
}
