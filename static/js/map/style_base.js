// Land below the figures and what lies on it: water, roads, walls, gates, names.
import { fonts } from "./fonts.js";
import { layer } from "./layer.js";

/** @param {Record<string, string>} ink @returns {object[]} what lies on the land, below the borders */
function ground(ink) {
  const width = (main, minor, small) => [
    "match",
    ["coalesce", ["get", "kind"], ""],
    ["motorway", "main"],
    main,
    ["minor"],
    minor,
    small,
  ];
  const road = (extra) =>
    layer.byZoom(
      10,
      width(0.6, 0, 0),
      13,
      width(1.6 + extra, 0.6, 0),
      14.5,
      width(4 + extra, 2 + extra, 0),
      16,
      width(11 + extra, 5 + extra, 2.4 + extra),
      18,
      width(44 + extra, 20 + extra, 8 + extra),
    );
  return [
    layer.tiled("water", "fill", "water", {
      filter: ["==", ["geometry-type"], "Polygon"],
      paint: { "fill-color": ink["m-water"] },
    }),
    layer.tiled("water-line", "line", "water", {
      filter: ["==", ["geometry-type"], "LineString"],
      paint: { "line-color": ink["m-water"], "line-width": layer.byZoom(10, 0.6, 14, 2, 18, 10) },
    }),
    layer.tiled("road-case", "line", "roads", {
      layout: { "line-join": "round" },
      paint: { "line-color": ink["m-road-case"], "line-width": road(1.6) },
    }),
    layer.tiled("road", "line", "roads", {
      layout: { "line-join": "round" },
      paint: { "line-color": ink["m-road"], "line-width": road(0) },
    }),
  ];
}

/** @param {Record<string, string>} ink @returns {object[]} names, walls and gates, above the borders */
function names(ink) {
  const plain = (size) => ({ "text-field": ["get", "name"], "text-font": fonts.regular, "text-size": size });
  const halo = { "text-color": ink["ink-3"], "text-halo-color": ink["m-halo"], "text-halo-width": 1.4 };
  return [
    layer.tiled("road-name", "symbol", "roads", {
      minzoom: 14,
      filter: ["!=", ["coalesce", ["get", "name"], ""], ""],
      layout: { ...plain(11), "symbol-placement": "line", "text-padding": 4, "symbol-spacing": 420 },
      paint: halo,
    }),
    layer.tiled("water-name", "symbol", "water", {
      minzoom: 12,
      filter: ["!=", ["coalesce", ["get", "name"], ""], ""],
      layout: { ...plain(12), "symbol-spacing": 600 },
      paint: { ...halo, "text-color": ink["m-water-ink"] },
    }),
    layer.tiled("estate-line", "line", "estates", {
      minzoom: 14,
      paint: { "line-color": ink["m-border-2"], "line-width": 1, "line-dasharray": [1, 2], "line-opacity": 0.7 },
    }),
    layer.tiled("barrier", "line", "barriers", {
      minzoom: 15,
      paint: { "line-color": ink["m-border-2"], "line-width": 1.4, "line-opacity": 0.6 },
    }),
    layer.tiled("place-name", "symbol", "places", {
      minzoom: 15.5,
      layout: { ...plain(11), "text-padding": 2 },
      paint: halo,
    }),
    layer.tiled("gate", "symbol", "gates", {
      minzoom: 16,
      layout: { "icon-image": "gate", "icon-allow-overlap": true },
    }),
    {
      ...layer.tiled("building-name", "symbol", "buildings", {
        minzoom: 17.5,
        layout: { ...plain(11), "text-padding": 1 },
        paint: halo,
      }),
      "source-layer": "buildings_label",
    },
  ];
}

export const base = { ground, names };
