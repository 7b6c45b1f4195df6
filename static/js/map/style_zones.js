// Zones: wash, pattern, halo and line; a proposal is dashed and has no wash.
import { boot } from "../data/boot.js";
import { zoneColour } from "./images.js";
import { layer } from "./layer.js";

/**
 * @param {Record<string, string>} ink
 * @param {{wash: boolean, isolateZone: string | null}} shown
 * @returns {object[]} fill and line layers of every kind and status
 */
function areas(ink, { wash, isolateZone }) {
  const made = [];
  const kinds = [...boot.zone_kinds].sort((a, b) => a.rank - b.rank);
  const widths = { lockdown: 3, control: 2.4, prevention: 1.6 };
  for (const { id: kind } of kinds) {
    const colour = zoneColour(kind);
    const dim = isolateZone !== null && isolateZone !== kind ? 0.15 : 1;
    const is = (status) => ["all", ["==", ["get", "kind"], kind], ["==", ["get", "status"], status]];
    const line = { "line-color": ink[`z-${colour}`], "line-width": widths[colour], "line-opacity": dim };
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
        { ...line, ...(colour === "prevention" ? { "line-dasharray": [4.4, 2.5] } : {}) },
        { "line-join": "round" },
      ),
      of("halo-proposed", "line", "proposed", {
        "line-color": ink["m-halo"],
        "line-width": 6,
        "line-opacity": 0.8 * dim,
      }),
      of("line-proposed", "line", "proposed", { ...line, "line-dasharray": [2.4, 1.6] }),
    );
  }
  return made;
}

/** @returns {object} the letter of each zone; a proposal's carries a question mark */
function badges() {
  return {
    ...layer.tiled("zone-badge", "symbol", "zones", {
      layout: {
        "icon-image": ["concat", "badge-", ["get", "kind"], "-", ["get", "status"]],
        "icon-allow-overlap": true,
        "icon-offset": [0, -22],
      },
    }),
    "source-layer": "zones_label",
  };
}

export const zones = { areas, badges };
