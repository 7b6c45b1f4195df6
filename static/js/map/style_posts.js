// Posts on the map: a square with a barrier; one that is short has a warning border and says "1/2".
import { fonts } from "./fonts.js";

/** @param {Record<string, string>} ink @returns {object[]} symbols above the zones, below the drawing */
export function postsStyle(ink) {
  const short = ["==", ["get", "state"], "short"];
  const base = { "icon-allow-overlap": true, "icon-ignore-placement": true, "icon-image": ["concat", "post-", ["get", "state"]] };
  const label = {
    "text-field": ["get", "label"],
    "text-font": fonts.bold,
    "text-size": 12,
    "text-anchor": "left",
    "text-offset": [1.5, 0],
    "text-optional": true,
    "text-allow-overlap": ["step", ["zoom"], false, 15, true],
  };
  const paint = {
    "text-color": ["case", short, ink.warn, ink["m-label"]],
    "text-halo-color": ink["m-halo"],
    "text-halo-width": 1.6,
  };
  return [
    {
      id: "post-chosen",
      type: "circle",
      source: "posts",
      filter: ["==", ["get", "chosen"], true],
      paint: {
        "circle-radius": 17,
        "circle-color": "rgba(0,0,0,0)",
        "circle-stroke-color": ink.select,
        "circle-stroke-width": 3,
      },
    },
    {
      id: "post-far",
      type: "symbol",
      source: "posts",
      maxzoom: 13,
      layout: { ...base, "icon-size": ["interpolate", ["linear"], ["zoom"], 10, 0.4, 13, 0.7], "icon-allow-overlap": true },
    },
    { id: "post", type: "symbol", source: "posts", minzoom: 13, layout: { ...base, ...label }, paint },
  ];
}
