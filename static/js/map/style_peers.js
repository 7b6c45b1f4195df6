// Colleagues on the map: what they just changed, and the area in their hands. Violet is theirs alone.
import { fonts } from "./fonts.js";
import { layer } from "./layer.js";

const when = (name) => ["case", layer.state(name, false), 1, 0];

/** @param {Record<string, string>} ink @returns {object[]} outlines below the drawing */
function outlines(ink) {
  const line = (id, width, more) =>
    layer.tiled(id, "line", "areas", {
      layout: { "line-join": "round" },
      paint: { "line-color": ink.peer, "line-width": width, ...more },
    });
  return [
    line("flash", 3.5, { "line-opacity": when("flash") }),
    line("peer", 2, { "line-opacity": when("peer"), "line-dasharray": [3, 2] }),
  ];
}

/** @param {Record<string, string>} ink @returns {object} what they are called, at the lower edge of their area */
function names(ink) {
  return {
    id: "peer-name",
    type: "symbol",
    source: "peers",
    minzoom: 14,
    layout: {
      "text-field": ["get", "text"],
      "text-font": fonts.bold,
      "text-size": 12,
      "text-anchor": "bottom",
      "text-offset": [0, -0.3],
      "text-allow-overlap": true,
      "text-ignore-placement": true,
    },
    paint: { "text-color": ink.peer, "text-halo-color": ink["m-halo"], "text-halo-width": 2 },
  };
}

export const peersStyle = { outlines, names };
