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

/** @param {Record<string, string>} ink @returns {object} what they are called, in the middle of their area */
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
      "text-offset": [0, 2.6], // below code and figure of the area
      "text-allow-overlap": true,
      "text-ignore-placement": true,
      "icon-image": "peer-tag",
      "icon-text-fit": "both",
      "icon-text-fit-padding": [2, 5, 2, 5],
      "icon-allow-overlap": true,
      "icon-ignore-placement": true,
    },
    paint: { "text-color": ink["bg-panel"] },
  };
}

export const peersStyle = { outlines, names };
