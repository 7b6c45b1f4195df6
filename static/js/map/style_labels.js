// Labels of the areas: small code or name, a padlock when locked, bold value, a mark when outside the norm.
import { boot } from "../data/boot.js";
import { levels } from "../data/levels.js";
import { fonts } from "./fonts.js";
import { layer } from "./layer.js";

/** The end of a code, as ui/places.js has it: "A6732-0133-00" -> "0133-00", "33029900100600405" -> "00405". */
const SHORT_CODE = [
  "let",
  "rest",
  ["slice", ["get", "code"], ["+", ["index-of", "-", ["get", "code"]], 1]],
  "tail",
  ["slice", ["get", "code"], ["max", 0, ["-", ["length", ["get", "code"]], 5]]],
  [
    "case",
    ["all", ["in", "-", ["var", "rest"]], ["<=", ["length", ["var", "rest"]], 10]],
    ["var", "rest"],
    ["==", ["slice", ["var", "tail"], 0, 1], "-"],
    ["slice", ["var", "tail"], 1],
    ["var", "tail"],
  ],
];

/** Room around labels: much where a level has just come into view and its areas are small, little when one is near. */
function labelRoom() {
  const starts = levels.ids
    .map(levels.zooms)
    .filter(Boolean)
    .map(([from]) => from)
    .sort((a, b) => a - b);
  const stops = starts.flatMap((from, i) =>
    [
      [from, 8],
      [from + 1, 5],
      [from + 2, 3],
    ].filter(([zoom]) => zoom < (starts[i + 1] ?? 30)),
  );
  const rising = stops.filter(([zoom], i) => i === 0 || zoom > stops[i - 1][0]);
  return ["step", ["zoom"], rising[0]?.[1] ?? 3, ...rising.slice(1).flat()];
}

const digits = (from, to) => ["!=", ["to-number", ["slice", ["get", "name"], from, to], -1], -1];

/** "04-05微网格", "04-05专属网格" -> "04-05": the level need not be said on every label; without such a name the end of the code. */
const shortName = () => [
  "let",
  "at",
  ["index-of", boot.levels.at(-1)?.zh ?? "", ["get", "name"]],
  [
    "case",
    ["==", ["get", "name"], ["get", "code"]],
    SHORT_CODE,
    ["all", ["in", "-", ["get", "name"]], ["<=", ["length", ["get", "name"]], 6]], // a unit of a market, row-column
    ["get", "name"],
    ["all", digits(0, 2), ["==", ["slice", ["get", "name"], 2, 3], "-"], digits(3, 5), ["!", digits(5, 6)]],
    ["slice", ["get", "name"], 0, 5],
    [">", ["var", "at"], 0],
    ["slice", ["get", "name"], 0, ["var", "at"]],
    SHORT_CODE,
  ],
];

/** Small code (or name, above the deepest level) and a padlock when locked, bold value, and a mark when outside the norm. */
function text(ink) {
  const of = (name, otherwise) => [
    "coalesce",
    ["get", ["to-string", ["id"]], ["object", ["global-state", name]]],
    otherwise,
  ];
  const deepest = ["==", ["get", "level"], levels.deepest];
  const title = [
    "case",
    ["all", ["!", deepest], ["!=", ["get", "name"], ["get", "code"]]],
    ["get", "name"],
    shortName(),
  ];
  return [
    "format",
    title,
    {
      "font-scale": ["case", deepest, 0.85, 1.1],
      "text-color": ["case", deepest, ink["ink-3"], ink["m-label"]],
      "text-font": ["case", deepest, ["literal", fonts.regular], ["literal", fonts.bold]],
    },
    ["image", ["concat", "lock-", of("locks", "none")]],
    {},
    "\n",
    {},
    ["image", ["concat", "mark-", of("marks", "none")]],
    {},
    of("values", ""),
    {
      "text-font": ["literal", fonts.bold],
      "text-color": ["case", ["==", of("marks", "none"), "over"], ink.warn, ink["m-label"]],
    },
  ];
}

/** @param {Record<string, string>} ink @returns {object} the symbol layer of the labels of areas */
export function areaLabels(ink) {
  return {
    ...layer.tiled("area-label", "symbol", "areas", {
      layout: {
        "text-field": text(ink),
        "text-font": fonts.bold,
        "text-size": 13,
        "text-line-height": 1.15,
        "text-padding": labelRoom(),
        "text-max-width": 14,
      },
      paint: {
        "text-color": ink["m-label"],
        "text-halo-color": ink["m-halo"],
        "text-halo-width": 1.6,
        "text-opacity": ["case", layer.state("hide", false), 0, 1],
      },
    }),
    "source-layer": "areas_label",
  };
}
