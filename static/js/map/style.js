// The look of the map as one MapLibre style made from tokens: land, water, roads, figures, borders, zones, labels.
import { boot } from "../data/boot.js";
import { levels } from "../data/levels.js";
import { fonts } from "./fonts.js";
import { zoneColour } from "./images.js";

const state = (name, otherwise) => ["coalesce", ["feature-state", name], otherwise];
const byZoom = (...stops) => ["interpolate", ["exponential", 1.6], ["zoom"], ...stops];
const tiled = (id, type, source, rest) => ({ id, type, source, "source-layer": source, ...rest });
const EMPTY = { type: "FeatureCollection", features: [] };
const FIXED = ["draft", "preview", "outline"];

/** Fill of an area by the class of its figure (feature-state `c`); while one class is isolated the others pale. */
function tint(ink, classes, isolate) {
  const colours = classes.flatMap((entry, index) => [index, ink[entry.token]]);
  const strength = isolate === null ? 0.72 : ["case", ["==", state("c", -1), isolate], 0.9, 0.12];
  return {
    // Always an expression: a tile reloaded while colours change from one to none would meet a binder of the other kind.
    "fill-color": ["match", state("c", -1), ...(colours.length ? colours : [0, "rgba(0,0,0,0)"]), "rgba(0,0,0,0)"],
    "fill-opacity": ["case", ["==", state("c", -1), -1], 0, strength],
  };
}

/** Borders of a level drawn above the level in view: the higher the level, the stronger. */
function upperBorders(ink) {
  const made = [];
  for (const [depth, level] of levels.ids.slice(0, -1).entries()) {
    const own = levels.zooms(level);
    const below = levels.ids.slice(depth + 1).map(levels.zooms).filter(Boolean);
    if (!below.length) continue;
    const from = own ? own[1] : below[0][0];
    const near = levels.ids.slice(depth + 1, depth + 3).map(levels.zooms).filter(Boolean);
    const until = near.length ? near.at(-1)[1] : from;
    if (until <= from) continue;
    const steps = below.map(([zoom], index) => [zoom, index === 0 ? 2 : 2.8]).slice(0, 2);
    made.push({
      id: `border-${level}`, type: "line", source: `areas-${level}`, "source-layer": "areas", minzoom: from, maxzoom: Math.max(from + 1, until >= 22 ? 24 : until),
      layout: { "line-join": "round" },
      paint: {
        "line-color": steps.length > 1 ? ["step", ["zoom"], ink["m-border-2"], steps[1][0], ink["m-border-3"]] : ink["m-border-2"],
        "line-width": ["interpolate", ["linear"], ["zoom"], from, 0.9, from + 1.5, 1.8, ...(steps.length > 1 ? [Math.max(from + 2, steps[1][0]), 1.8, Math.max(from + 2, steps[1][0]) + 1.5, 2.6] : [])],
      },
    });
  }
  return made.reverse();
}

/** Zones: wash, pattern, halo and line; a proposal is dashed and has no wash. */
function zoneLayers(ink, { wash, isolateZone }) {
  const made = [];
  const kinds = [...boot.zone_kinds].sort((a, b) => a.rank - b.rank);
  const widths = { lockdown: 3, control: 2.4, prevention: 1.6 };
  for (const { id: kind } of kinds) {
    const colour = zoneColour(kind);
    const dim = isolateZone !== null && isolateZone !== kind ? 0.15 : 1;
    const is = (status) => ["all", ["==", ["get", "kind"], kind], ["==", ["get", "status"], status]];
    const line = { "line-color": ink[`z-${colour}`], "line-width": widths[colour], "line-opacity": dim };
    const layer = (id, type, status, paint, layout) => tiled(`zone-${kind}-${id}`, type, "zones", { filter: is(status), paint, ...(layout ? { layout } : {}) });
    made.push(
      layer("wash", "fill", "in_force", { "fill-color": ink[`z-${colour}-wash`], "fill-opacity": wash ? dim : 0 }),
      layer("pattern", "fill", "in_force", { "fill-pattern": `zone-${kind}`, "fill-opacity": 0.45 * dim }),
      layer("pattern-proposed", "fill", "proposed", { "fill-pattern": `zone-${kind}`, "fill-opacity": 0.25 * dim }),
      layer("halo", "line", "in_force", { "line-color": ink["m-halo"], "line-width": wash ? 0 : 7, "line-opacity": 0.8 * dim }),
      layer("line", "line", "in_force", { ...line, ...(colour === "prevention" ? { "line-dasharray": [4.4, 2.5] } : {}) }, { "line-join": "round" }),
      layer("halo-proposed", "line", "proposed", { "line-color": ink["m-halo"], "line-width": 6, "line-opacity": 0.8 * dim }),
      layer("line-proposed", "line", "proposed", { ...line, "line-dasharray": [2.4, 1.6] }),
    );
  }
  return made;
}

/** The end of a code, as ui/places.js has it: "A6732-0133-00" -> "0133-00", "33029900100600405" -> "00405". */
const SHORT_CODE = ["let", "rest", ["slice", ["get", "code"], ["+", ["index-of", "-", ["get", "code"]], 1]],
  "tail", ["slice", ["get", "code"], ["max", 0, ["-", ["length", ["get", "code"]], 5]]],
  ["case", ["all", ["in", "-", ["var", "rest"]], ["<=", ["length", ["var", "rest"]], 8]], ["var", "rest"],
    ["==", ["slice", ["var", "tail"], 0, 1], "-"], ["slice", ["var", "tail"], 1], ["var", "tail"]]];

/** Room around labels: much where a level has just come into view and its areas are small, little when one is near. */
function labelRoom() {
  const starts = levels.ids.map(levels.zooms).filter(Boolean).map(([from]) => from).sort((a, b) => a - b);
  const stops = starts.flatMap((from, i) => [[from, 16], [from + 1, 6], [from + 2, 3]].filter(([zoom]) => zoom < (starts[i + 1] ?? 30)));
  const rising = stops.filter(([zoom], i) => i === 0 || zoom > stops[i - 1][0]);
  return ["step", ["zoom"], rising[0]?.[1] ?? 3, ...rising.slice(1).flat()];
}

const deepestLevel = boot.levels.at(-1) ?? { zh: "", en: "" };

/** "04-05微网格" -> "04-05": the level need not be said on every label; without such a name the end of the code. */
const SHORT_NAME = ["let", "at", ["index-of", deepestLevel.zh, ["get", "name"]],
  ["case", ["==", ["get", "name"], ["get", "code"]], SHORT_CODE, [">", ["var", "at"], 0], ["slice", ["get", "name"], 0, ["var", "at"]], SHORT_CODE]];

/** Label of an area: small code (or name, above the deepest level), bold value, and a mark when outside the norm. */
function areaLabel(ink) {
  const of = (name, otherwise) => ["coalesce", ["get", ["to-string", ["id"]], ["object", ["global-state", name]]], otherwise];
  const deepest = ["==", ["get", "level"], levels.deepest];
  const title = ["case", ["all", ["!", deepest], ["!=", ["get", "name"], ["get", "code"]]], ["get", "name"], SHORT_NAME];
  return ["format",
    title, { "font-scale": ["case", deepest, 0.85, 1.1], "text-color": ["case", deepest, ink["ink-3"], ink["m-label"]],
      "text-font": ["case", deepest, ["literal", fonts.regular], ["literal", fonts.bold]] },
    "\n", {},
    ["image", ["concat", "mark-", of("marks", "none")]], {},
    of("values", ""), { "text-font": ["literal", fonts.bold], "text-color": ["case", ["==", of("marks", "none"), "over"], ink.warn, ink["m-label"]] }];
}

function baseLayers(ink) {
  const width = (main, minor, small) => ["match", ["coalesce", ["get", "kind"], ""], ["motorway", "main"], main, ["minor"], minor, small];
  const road = (extra) => byZoom(10, width(0.6, 0, 0), 13, width(1.6 + extra, 0.6, 0), 14.5, width(4 + extra, 2 + extra, 0), 16, width(11 + extra, 5 + extra, 2.4 + extra), 18, width(44 + extra, 20 + extra, 8 + extra));
  return [
    tiled("water", "fill", "water", { filter: ["==", ["geometry-type"], "Polygon"], paint: { "fill-color": ink["m-water"] } }),
    tiled("water-line", "line", "water", { filter: ["==", ["geometry-type"], "LineString"], paint: { "line-color": ink["m-water"], "line-width": byZoom(10, 0.6, 14, 2, 18, 10) } }),
    tiled("road-case", "line", "roads", { layout: { "line-join": "round" }, paint: { "line-color": ink["m-road-case"], "line-width": road(1.6) } }),
    tiled("road", "line", "roads", { layout: { "line-join": "round" }, paint: { "line-color": ink["m-road"], "line-width": road(0) } }),
  ];
}

function baseLabels(ink) {
  const plain = (size) => ({ "text-field": ["get", "name"], "text-font": fonts.regular, "text-size": size });
  const halo = { "text-color": ink["ink-3"], "text-halo-color": ink["m-halo"], "text-halo-width": 1.4 };
  return [
    tiled("road-name", "symbol", "roads", { minzoom: 14, filter: ["!=", ["coalesce", ["get", "name"], ""], ""],
      layout: { ...plain(11), "symbol-placement": "line", "text-padding": 4, "symbol-spacing": 420 }, paint: halo }),
    tiled("water-name", "symbol", "water", { minzoom: 12, filter: ["!=", ["coalesce", ["get", "name"], ""], ""],
      layout: { ...plain(12), "symbol-spacing": 600 }, paint: { ...halo, "text-color": ink["m-water-ink"] } }),
    tiled("estate-line", "line", "estates", { minzoom: 14, paint: { "line-color": ink["m-border-2"], "line-width": 1, "line-dasharray": [1, 2], "line-opacity": 0.7 } }),
    tiled("barrier", "line", "barriers", { minzoom: 15, paint: { "line-color": ink["m-border-2"], "line-width": 1.4, "line-opacity": 0.6 } }),
    tiled("place-name", "symbol", "places", { minzoom: 15.5, layout: { ...plain(11), "text-padding": 2 }, paint: halo }),
    tiled("gate", "symbol", "gates", { minzoom: 16, layout: { "icon-image": "gate", "icon-allow-overlap": true } }),
    { ...tiled("building-name", "symbol", "buildings", { minzoom: 17.5, layout: { ...plain(11), "text-padding": 1 }, paint: halo }), "source-layer": "buildings_label" },
  ];
}

/** What is being drawn and what it would do; magenta belongs to the drawing alone. */
function workLayers(ink) {
  const kind = (name) => ["==", ["get", "kind"], name];
  const fill = ["match", ["get", "side"], "a", ink["side-a"], "b", ink["side-b"], "c", ink.peer, ink["side-b"]];
  return [
    { id: "outline-halo", type: "line", source: "outline", paint: { "line-color": ink["m-halo"], "line-width": 6, "line-opacity": 0.8 } },
    { id: "outline", type: "line", source: "outline", paint: { "line-color": ["match", ["get", "kind"], "peer", ink.peer, ink.select], "line-width": 2, "line-dasharray": [3, 2] } },
    { id: "preview-fill", type: "fill", source: "preview", filter: kind("piece"), paint: { "fill-color": fill, "fill-opacity": 0.19 } },
    ...boot.zone_kinds.map(({ id }) => ({ id: `preview-zone-${id}`, type: "fill", source: "preview", filter: ["all", kind("zone"), ["==", ["get", "zone"], id]], paint: { "fill-pattern": `zone-${id}`, "fill-opacity": 0.4 } })),
    { id: "preview-halo", type: "line", source: "preview", filter: ["in", ["get", "kind"], ["literal", ["piece", "zone"]]], layout: { "line-join": "round" }, paint: { "line-color": ink["m-halo"], "line-width": 6, "line-opacity": 0.8 } },
    { id: "preview-line", type: "line", source: "preview", filter: kind("piece"), layout: { "line-join": "round" }, paint: { "line-color": ink.select, "line-width": 3 } },
    ...boot.zone_kinds.map(({ id }) => ({ id: `preview-zone-line-${id}`, type: "line", source: "preview", filter: ["all", kind("zone"), ["==", ["get", "zone"], id]], paint: { "line-color": ink[`z-${zoneColour(id)}`], "line-width": 2.6, "line-dasharray": [2.4, 1.6] } })),
  ];
}

function draftLayers(ink) {
  const kind = (name) => ["==", ["get", "kind"], name];
  const icon = { "icon-allow-overlap": true, "icon-ignore-placement": true };
  return [
    { id: "preview-label", type: "symbol", source: "preview", filter: kind("label"),
      layout: { ...icon, "icon-image": ["concat", "side-", ["get", "side"]], "icon-anchor": "right", "icon-offset": [-3, 0], "text-field": ["get", "text"], "text-font": fonts.bold, "text-size": 13,
        "text-anchor": "left", "text-offset": [0.3, 0], "text-allow-overlap": true, "text-ignore-placement": true },
      paint: { "text-color": ink["m-label"], "text-halo-color": ink["m-halo"], "text-halo-width": 1.6 } },
    { id: "draft-fill", type: "fill", source: "draft", filter: kind("fill"), paint: { "fill-color": ink.edit, "fill-opacity": 0.12 } },
    { id: "draft-halo", type: "line", source: "draft", filter: kind("line"), layout: { "line-join": "round" }, paint: { "line-color": ink["m-halo"], "line-width": 6 } },
    { id: "draft-tail", type: "line", source: "draft", filter: kind("tail"), paint: { "line-color": ink.edit, "line-width": 1.6, "line-dasharray": [2.5, 2.5] } },
    { id: "draft-line", type: "line", source: "draft", filter: kind("line"), layout: { "line-join": "round" }, paint: { "line-color": ink.edit, "line-width": 2.6 } },
    { id: "draft-snap", type: "symbol", source: "draft", filter: kind("snap"), layout: { ...icon, "icon-image": "vertex-snap" } },
    { id: "draft-vertex", type: "symbol", source: "draft", filter: kind("vertex"), layout: { ...icon, "icon-image": "vertex" } },
    { id: "draft-new", type: "symbol", source: "draft", filter: kind("new"), layout: { ...icon, "icon-image": "vertex-new" } },
  ];
}

/**
 * @param {Record<string, string>} ink tokens of the theme
 * @param {Record<string, object>} tiles vector sources by name
 * @param {{classes: Array<{token: string}>, isolate: number|null, isolateZone: string|null, wash: boolean, hidden: Set<string>}} shown
 * @returns {object} a complete MapLibre style without glyphs and sprite: texts come from the fonts of the machine
 */
export function mapStyle(ink, tiles, shown) {
  const selected = ["boolean", ["feature-state", "selected"], false];
  const layers = [
    { id: "outside", type: "background", paint: { "background-color": ink["m-outside"] } },
    tiled("land", "fill", "areas", { paint: { "fill-color": ink["m-land"], "fill-antialias": false } }),
    tiled("tint", "fill", "areas", { paint: { ...tint(ink, shown.classes, shown.isolate), "fill-antialias": false } }),
    tiled("unknown", "fill", "areas", { paint: { "fill-pattern": "hatch-unknown", "fill-opacity": ["case", state("u", false), shown.isolate === null || shown.isolate === -2 ? 0.8 : 0.15, 0] } }),
    ...baseLayers(ink),
    tiled("building", "fill", "buildings", { minzoom: 14, paint: { "fill-color": ink["m-building"], "fill-outline-color": ink["m-building-line"], "fill-opacity": byZoom(14, 0.5, 15.5, 0.85) } }),
    ...zoneLayers(ink, shown).filter((layer) => layer.type === "fill"),
    tiled("border", "line", "areas", { layout: { "line-join": "round" }, paint: { "line-color": ink["m-border"], "line-width": byZoom(9, 0.5, 14, 0.9, 18, 1.2) } }),
    ...upperBorders(ink),
    ...zoneLayers(ink, shown).filter((layer) => layer.type === "line"),
    ...baseLabels(ink),
    tiled("selected-halo", "line", "areas", { layout: { "line-join": "round" }, paint: { "line-color": ink["m-halo"], "line-width": 6, "line-opacity": ["case", selected, 0.8, 0] } }),
    tiled("selected", "line", "areas", { layout: { "line-join": "round" }, paint: { "line-color": ink.select, "line-width": 3, "line-opacity": ["case", selected, 1, 0] } }),
    ...workLayers(ink),
    { ...tiled("area-label", "symbol", "areas", {
      layout: { "text-field": areaLabel(ink), "text-font": fonts.bold, "text-size": 13, "text-line-height": 1.15, "text-padding": labelRoom(), "text-max-width": 14 },
      paint: { "text-color": ink["m-label"], "text-halo-color": ink["m-halo"], "text-halo-width": 1.6, "text-opacity": ["case", state("hide", false), 0, 1] } }), "source-layer": "areas_label" },
    { ...tiled("zone-badge", "symbol", "zones", { layout: { "icon-image": ["concat", "badge-", ["get", "kind"], "-", ["get", "status"]], "icon-allow-overlap": true, "icon-offset": [0, -22] } }), "source-layer": "zones_label" },
    ...draftLayers(ink),
  ].filter((layer) => !layer.source || layer.source in tiles || FIXED.includes(layer.source));
  for (const layer of layers) if (shown.hidden.has(layer.source)) layer.layout = { ...layer.layout, visibility: "none" };
  return {
    version: 8, layers,
    sources: { ...tiles, ...Object.fromEntries(FIXED.map((name) => [name, { type: "geojson", data: EMPTY }])) },
    state: { values: { default: {} }, marks: { default: {} } },
    transition: { duration: 0, delay: 0 },
  };
}
