// Zones: wash, pattern, halo and line; a proposal is dashed and has no wash; what was lifted today is a thin grey line; what
// the zones leave of the scope shows at its edge only.
import { boot } from "../data/boot.js";
import { zoneColour } from "./images.js";
import { layer } from "./layer.js";

const WIDTHS = { lockdown: 3, control: 2.4, prevention: 1.6 };
const DASHES = { prevention: [4.4, 2.5], proposed: [2.4, 1.6] };
const BAND_PX = 16, // of the dots inside the edge of the rest
  INSIDE_PX = 4; // its line, so that it is not mixed up with the border it follows
const STATUS = ["get", "status"];

/** Zones lifted before today are history. */
function liftedToday() {
  const midnight = new Date();
  midnight.setHours(0, 0, 0, 0);
  const since = midnight.toISOString().slice(0, 19);
  return ["all", ["==", STATUS, "lifted"], [">=", ["to-string", ["get", "lifted_at"]], since]];
}

/**
 * @param {Record<string, string>} ink
 * @param {{wash: boolean, isolateZone: string | null}} shown
 * @returns {object[]} fill and line layers of every kind and status
 */
function areas(ink, { wash, isolateZone }) {
  const made = [
    layer.tiled("zone-lifted", "line", "zones", {
      filter: liftedToday(),
      layout: { "line-join": "round" },
      paint: { "line-color": ink["ink-3"], "line-width": 1.2, "line-opacity": isolateZone === null ? 1 : 0.15 },
    }),
  ];
  const kinds = [...boot.zone_kinds].sort((a, b) => a.rank - b.rank);
  for (const { id: kind } of kinds) {
    const colour = zoneColour(kind);
    const dim = isolateZone !== null && isolateZone !== kind ? 0.15 : 1;
    const is = (status) => ["all", ["==", ["get", "kind"], kind], ["==", STATUS, status]];
    const line = { "line-color": ink[`z-${colour}`], "line-width": WIDTHS[colour], "line-opacity": dim };
    const of = (id, type, status, paint, layout) =>
      layer.tiled(`zone-${kind}-${id}`, type, "zones", { filter: is(status), paint, ...(layout ? { layout } : {}) });
    made.push(
      of("wash", "fill", "in_force", { "fill-color": ink[`z-${colour}-wash`], "fill-opacity": wash ? dim : 0 }),
      of("pattern", "fill", "in_force", { "fill-pattern": `zone-${kind}`, "fill-opacity": 0.45 * dim }),
      of("pattern-proposed", "fill", "proposed", { "fill-pattern": `zone-${kind}`, "fill-opacity": 0.25 * dim }),
      of("halo", "line", "in_force", {
        "line-color": ink["m-halo"],
        "line-width": wash ? 0 : 7,
        "line-opacity": 0.8 * dim,
      }),
      of(
        "line",
        "line",
        "in_force",
        { ...line, ...(colour in DASHES ? { "line-dasharray": DASHES[colour] } : {}) },
        { "line-join": "round" },
      ),
      of("halo-proposed", "line", "proposed", {
        "line-color": ink["m-halo"],
        "line-width": 6,
        "line-opacity": 0.8 * dim,
      }),
      of("line-proposed", "line", "proposed", { ...line, "line-dasharray": DASHES.proposed }),
    );
  }
  return made;
}

/** @returns {object[]} the edge of what the zones leave: a dashed line and dots inside it, never a fill */
function rest(ink, { wash, isolateZone }) {
  const fill = boot.zone_kinds.find((kind) => !kind.drawn);
  if (!fill) return [];
  const colour = zoneColour(fill.id);
  const dim = isolateZone !== null && isolateZone !== fill.id ? 0.15 : 1;
  const of = (id, paint) =>
    layer.tiled(`zones-rest-${id}`, "line", "zones_rest", {
      layout: { "line-join": "round" },
      paint: { "line-offset": INSIDE_PX, ...paint },
    });
  return [
    of("halo", { "line-color": ink["m-halo"], "line-width": wash ? 0 : 5, "line-opacity": 0.8 * dim }),
    of("line", {
      "line-color": ink[`z-${colour}`],
      "line-width": WIDTHS[colour],
      "line-dasharray": DASHES.prevention,
      "line-opacity": dim,
    }),
    layer.tiled("zones-rest-dots", "symbol", "zones_rest", {
      layout: {
        "symbol-placement": "line",
        "symbol-spacing": BAND_PX,
        "icon-image": "zones-rest",
        "icon-offset": [0, INSIDE_PX + BAND_PX / 2],
        "icon-allow-overlap": true,
        "icon-ignore-placement": true,
      },
      paint: { "icon-opacity": 0.7 * dim },
    }),
  ];
}

/** @returns {object[]} the letter of each zone; a proposal's carries a question mark; the rest has its letter on its edge */
function badges() {
  return [
    layer.tiled("zones-rest-badge", "symbol", "zones_rest", {
      minzoom: 11,
      layout: {
        "symbol-placement": "line",
        "symbol-spacing": 420,
        "icon-image": "badge-rest",
        "icon-rotation-alignment": "viewport",
        "icon-padding": 12,
      },
    }),
    {
      ...layer.tiled("zone-badge", "symbol", "zones", {
        filter: ["any", ["!=", STATUS, "lifted"], liftedToday()],
        layout: {
          "icon-image": ["concat", "badge-", ["get", "kind"], "-", STATUS],
          "icon-allow-overlap": true,
          "icon-ignore-placement": true,
          "icon-offset": [0, -31], // above the label of an area, which stands at the same place
        },
      }),
      "source-layer": "zones_label",
    },
  ];
}

export const zones = { areas, rest, badges };
