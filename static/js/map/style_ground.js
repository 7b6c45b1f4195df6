// The look of a base map: pictures toned to the theme, vector tiles of the usual schemas in the calm colours of tokens.
import { boot } from "../data/boot.js";
import { fonts } from "./fonts.js";
import { layer } from "./layer.js";

export const SOURCE = "ground";

/** Names of layers in OpenMapTiles, Protomaps, Shortbread and our own extracts, by what they show. */
const SHOWS = {
  green: ["green", "park", "parks", "landcover", "landuse", "land", "vegetation"],
  water: ["water", "ocean", "water_polygons"],
  waterway: ["waterway", "waterways", "water_lines"],
  building: ["building", "buildings"],
  road: ["road_small", "road_minor", "road_middle", "road_main", "transportation", "roads", "streets"],
  rail: ["rail", "rails"],
  roadName: ["transportation_name", "street_labels"],
  waterName: ["water_label", "water_name", "water_polygons_labels"],
  place: ["place_small", "place_town", "place_city", "place", "places", "place_labels"],
};
const ONLY_GREEN = new Set(["green", "park", "parks", "vegetation"]);
const GREEN = [
  "wood",
  "forest",
  "grass",
  "grassland",
  "meadow",
  "park",
  "garden",
  "cemetery",
  "pitch",
  "golf_course",
  "recreation_ground",
  "village_green",
  "scrub",
  "heath",
  "orchard",
  "vineyard",
  "allotments",
  "nature_reserve",
  "playground",
  "zoo",
];
/** Our own extracts have one layer for each rank. */
const RANKS = { road_main: 3, road_middle: 2, road_minor: 1, road_small: 0 };
const CLASS = ["coalesce", ["get", "class"], ["get", "kind_detail"], ["get", "kind"], ""];
const RAILS = ["rail", "transit", "subway", "tram", "light_rail", "narrow_gauge"];
const RANK = [
  "match",
  CLASS,
  ["motorway", "trunk", "primary", "highway", "major_road", "motorway_link", "trunk_link"],
  3,
  ["secondary", "tertiary", "primary_link", "secondary_link", "tertiary_link", "medium_road"],
  2,
  ["minor", "residential", "unclassified", "living_street", "minor_road", "road", "pedestrian", "street"],
  1,
  0,
];
const WIDTHS = { 10: [0, 0, 0.4, 0.9], 13: [0, 0.5, 1, 2], 15: [0.5, 1.8, 3, 5], 17: [1.4, 6, 9, 13], 20: [6, 30, 44, 60] };
const AREAL = ["match", ["geometry-type"], ["Polygon", "MultiPolygon"], true, false];
const LINEAR = ["match", ["geometry-type"], ["LineString", "MultiLineString"], true, false];
const NAME =
  boot.lang === "zh"
    ? ["coalesce", ["get", "name:zh"], ["get", "name_zh"], ["get", "name:zh-Hans"], ["get", "name"], ""]
    : ["coalesce", ["get", "name:en"], ["get", "name_en"], ["get", "name"], ""];

const UNDER = { raster: "land", fill: "tint", symbol: "selected-halo" };

/** Line width by zoom; a rank is a number, or an expression where one layer holds all roads. */
function roadWidth(rank, extra) {
  const at = (widths) =>
    typeof rank === "number"
      ? widths[rank] + (widths[rank] ? extra : 0)
      : ["match", rank, ...[3, 2, 1].flatMap((one) => [one, widths[one] + (widths[one] ? extra : 0)]), widths[0]];
  return layer.byZoom(...Object.entries(WIDTHS).flatMap(([zoom, widths]) => [Number(zoom), at(widths)]));
}

/** Layers of a vector base map; only those the tiles hold. */
function vector(ink, held, opacity) {
  const of = (what) => SHOWS[what].filter((name) => held.includes(name));
  const made = (id, type, name, rest) => ({
    id: `ground-${id}-${name}`,
    type,
    source: SOURCE,
    "source-layer": name,
    ...rest,
  });
  const text = (size, colour) => ({
    layout: { "text-field": NAME, "text-font": fonts.regular, "text-size": size, "text-padding": 6 },
    paint: {
      "text-color": ink[colour],
      "text-halo-color": ink["m-halo"],
      "text-halo-width": 1.2,
      "text-opacity": opacity,
    },
  });
  const all = ["transportation", "roads", "streets"];
  const isRail = ["in", CLASS, ["literal", RAILS]];
  const road = (name, id, extra, colour) =>
    made(id, "line", name, {
      filter: all.includes(name) ? ["all", LINEAR, ["!", isRail]] : LINEAR,
      layout: { "line-join": "round", "line-cap": id === "road" ? "round" : "butt" },
      paint: {
        "line-color": ink[colour],
        "line-width": roadWidth(RANKS[name] ?? RANK, extra),
        "line-opacity": opacity,
      },
    });
  const rail = (name) =>
    made("rail", "line", name, {
      filter: all.includes(name) ? ["all", LINEAR, isRail] : LINEAR,
      paint: {
        "line-color": ink["m-border"],
        "line-width": layer.byZoom(11, 0.5, 16, 1.6),
        "line-dasharray": [5, 3],
        "line-opacity": 0.7 * opacity,
      },
    });
  return [
    ...of("green").map((name) =>
      made("green", "fill", name, {
        filter: ONLY_GREEN.has(name) ? AREAL : ["all", AREAL, ["in", CLASS, ["literal", GREEN]]],
        paint: { "fill-color": ink["m-green"], "fill-opacity": opacity },
      }),
    ),
    ...of("water").map((name) =>
      made("water", "fill", name, {
        filter: AREAL,
        paint: { "fill-color": ink["m-water"], "fill-opacity": opacity },
      }),
    ),
    ...of("waterway").map((name) =>
      made("waterway", "line", name, {
        filter: LINEAR,
        paint: {
          "line-color": ink["m-water"],
          "line-width": layer.byZoom(10, 0.6, 14, 1.6, 18, 8),
          "line-opacity": opacity,
        },
      }),
    ),
    ...of("building").map((name) =>
      made("building", "fill", name, {
        minzoom: 13,
        filter: AREAL,
        paint: {
          "fill-color": ink["m-building"],
          "fill-outline-color": ink["m-building-line"],
          "fill-opacity": 0.8 * opacity,
        },
      }),
    ),
    ...of("road").map((name) => road(name, "road-case", 1.4, "m-road-case")),
    ...of("road").map((name) => road(name, "road", 0, "m-road")),
    ...[...of("rail"), ...of("road").filter((name) => all.includes(name))].map(rail),
    ...[...of("roadName"), ...of("road").filter((name) => name !== "transportation" && name !== "road_small")].map(
      (name) => {
        const { layout, paint } = text(11, "ink-3");
        return made("road-name", "symbol", name, {
          minzoom: 14,
          filter: ["!=", NAME, ""],
          layout: { ...layout, "symbol-placement": "line", "symbol-spacing": 420 },
          paint,
        });
      },
    ),
    ...of("waterName").map((name) => made("water-name", "symbol", name, { minzoom: 12, ...text(11, "m-water-ink") })),
    ...of("place").map((name) =>
      made("place", "symbol", name, text(name === "place_small" ? 11 : 13, name === "place_small" ? "ink-3" : "ink-2")),
    ),
  ];
}

/** The one layer of a raster base map: dimmed in the dark, so that it does not outshine what lies on it. */
function raster(ink, opacity) {
  return [
    {
      id: "ground-picture",
      type: "raster",
      source: SOURCE,
      paint: {
        "raster-opacity": opacity,
        "raster-brightness-max": Number(ink["m-picture-light"]),
        "raster-saturation": Number(ink["m-picture-colour"]),
        "raster-fade-duration": 0,
      },
    },
  ];
}

export const groundStyle = {
  /**
   * @param {Record<string, string>} ink
   * @param {{format: string, vector_layers: Array<{id: string}>}} told TileJSON of the base map
   * @param {number} opacity 0 to 1
   * @returns {object[]} layers, lowest first
   */
  layers: (ink, told, opacity) =>
    told.format === "raster"
      ? raster(ink, opacity)
      : vector(
          ink,
          told.vector_layers.map(({ id }) => id),
          opacity,
        ),
  /**
   * Pictures lie below our land, which then is clear; drawn ground lies on it, below the colours of figures; streets lie
   * above these and names above the borders, as ours do.
   * @param {object} one layer of the base map
   * @param {string[]} ids of the layers of the map, lowest first
   * @returns {string} the layer it goes under
   */
  below: (one, ids) => UNDER[one.type] ?? ids[ids.lastIndexOf("unknown") + 1],
};
