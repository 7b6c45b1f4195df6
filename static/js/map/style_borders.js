// Borders of the levels above the one in view: the higher the level, the stronger.
import { levels } from "../data/levels.js";

/** @param {Record<string, string>} ink @returns {object[]} one line layer for each upper level that is ever drawn */
export function upperBorders(ink) {
  const made = [];
  for (const [depth, level] of levels.ids.slice(0, -1).entries()) {
    const own = levels.zooms(level);
    const below = levels.ids
      .slice(depth + 1)
      .map(levels.zooms)
      .filter(Boolean);
    if (!below.length) continue;
    const from = own ? own[1] : below[0][0];
    const near = levels.ids
      .slice(depth + 1, depth + 3)
      .map(levels.zooms)
      .filter(Boolean);
    const until = near.length ? near.at(-1)[1] : from;
    if (until <= from) continue;
    const steps = below.map(([zoom], index) => [zoom, index === 0 ? 2 : 2.8]).slice(0, 2);
    made.push({
      id: `border-${level}`,
      type: "line",
      source: `areas-${level}`,
      "source-layer": "areas",
      minzoom: from,
      maxzoom: Math.max(from + 1, until >= 22 ? 24 : until),
      layout: { "line-join": "round" },
      paint: {
        "line-color":
          steps.length > 1 ? ["step", ["zoom"], ink["m-border-2"], steps[1][0], ink["m-border-3"]] : ink["m-border-2"],
        "line-width": [
          "interpolate",
          ["linear"],
          ["zoom"],
          from,
          0.9,
          from + 1.5,
          1.8,
          ...(steps.length > 1
            ? [Math.max(from + 2, steps[1][0]), 1.8, Math.max(from + 2, steps[1][0]) + 1.5, 2.6]
            : []),
        ],
      },
    });
  }
  return made.reverse();
}
