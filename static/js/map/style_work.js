// What is being drawn and what it would do; magenta belongs to the drawing alone.
import { boot } from "../data/boot.js";
import { fonts } from "./fonts.js";
import { zoneColour } from "./images.js";

/** @param {Record<string, string>} ink @returns {object[]} what the drawing would do: pieces, zones, outlines */
function effect(ink) {
  const kind = (name) => ["==", ["get", "kind"], name];
  const fill = ["match", ["get", "side"], "a", ink["side-a"], "b", ink["side-b"], "c", ink.peer, "e", ink["side-a"], "f", ink.peer, ink["side-b"]];
  const strong = ["match", ["get", "side"], ["d", "e", "f"], 0.38, 0.19]; // where many pieces lie beside each other
  return [
    {
      id: "outline-halo",
      type: "line",
      source: "outline",
      paint: { "line-color": ink["m-halo"], "line-width": 6, "line-opacity": 0.8 },
    },
    {
      id: "outline",
      type: "line",
      source: "outline",
      paint: {
        "line-color": ["match", ["get", "kind"], ["peer", "gone"], ink.peer, ink.select],
        "line-width": ["match", ["get", "kind"], "gone", 1, "peer", 3, 2],
        "line-dasharray": [3, 2],
      },
    },
    {
      id: "preview-fill",
      type: "fill",
      source: "preview",
      filter: kind("piece"),
      paint: { "fill-color": fill, "fill-opacity": strong },
    },
    ...boot.zone_kinds.map(({ id }) => ({
      id: `preview-zone-${id}`,
      type: "fill",
      source: "preview",
      filter: ["all", kind("zone"), ["==", ["get", "zone"], id]],
      paint: { "fill-pattern": `zone-${id}`, "fill-opacity": 0.4 },
    })),
    {
      id: "preview-halo",
      type: "line",
      source: "preview",
      filter: ["in", ["get", "kind"], ["literal", ["piece", "zone"]]],
      layout: { "line-join": "round" },
      paint: { "line-color": ink["m-halo"], "line-width": 6, "line-opacity": 0.8 },
    },
    {
      id: "preview-line",
      type: "line",
      source: "preview",
      filter: kind("piece"),
      layout: { "line-join": "round" },
      paint: { "line-color": ink.select, "line-width": 3 },
    },
    ...boot.zone_kinds.map(({ id }) => ({
      id: `preview-zone-line-${id}`,
      type: "line",
      source: "preview",
      filter: ["all", kind("zone"), ["==", ["get", "zone"], id]],
      paint: { "line-color": ink[`z-${zoneColour(id)}`], "line-width": 2.6, "line-dasharray": [2.4, 1.6] },
    })),
  ];
}

/** @param {Record<string, string>} ink @returns {object[]} the drawing itself, above all labels */
function draft(ink) {
  const kind = (name) => ["==", ["get", "kind"], name];
  const icon = { "icon-allow-overlap": true, "icon-ignore-placement": true };
  return [
    {
      id: "preview-label",
      type: "symbol",
      source: "preview",
      filter: kind("label"),
      layout: {
        ...icon,
        "icon-image": ["concat", "side-", ["get", "side"]],
        "icon-anchor": "right",
        "icon-offset": [-3, 0],
        "text-field": ["get", "text"],
        "text-font": fonts.bold,
        "text-size": 13,
        "text-anchor": ["match", ["get", "side"], "none", "center", "left"],
        "text-offset": ["match", ["get", "side"], "none", ["literal", [0, 0]], ["literal", [0.3, 0]]],
        "text-allow-overlap": true,
        "text-ignore-placement": true,
      },
      paint: { "text-color": ink["m-label"], "text-halo-color": ink["m-halo"], "text-halo-width": 1.6 },
    },
    {
      id: "draft-fill",
      type: "fill",
      source: "draft",
      filter: kind("fill"),
      paint: { "fill-color": ink.edit, "fill-opacity": 0.12 },
    },
    {
      id: "draft-halo",
      type: "line",
      source: "draft",
      filter: kind("line"),
      layout: { "line-join": "round" },
      paint: { "line-color": ink["m-halo"], "line-width": 6 },
    },
    {
      id: "draft-tail",
      type: "line",
      source: "draft",
      filter: kind("tail"),
      paint: { "line-color": ink.edit, "line-width": 1.6, "line-dasharray": [2.5, 2.5] },
    },
    {
      id: "draft-line",
      type: "line",
      source: "draft",
      filter: kind("line"),
      layout: { "line-join": "round" },
      paint: { "line-color": ink.edit, "line-width": 2.6 },
    },
    {
      id: "draft-snap",
      type: "symbol",
      source: "draft",
      filter: kind("snap"),
      layout: { ...icon, "icon-image": "vertex-snap" },
    },
    {
      id: "draft-mid",
      type: "circle",
      source: "draft",
      filter: ["in", ["get", "kind"], ["literal", ["mid", "fixed"]]],
      paint: {
        "circle-radius": 3,
        "circle-color": ink["bg-panel"],
        "circle-stroke-width": 1.4,
        "circle-stroke-color": ["match", ["get", "kind"], "mid", ink.edit, ink["ink-3"]],
      },
    },
    {
      id: "draft-vertex",
      type: "symbol",
      source: "draft",
      filter: kind("vertex"),
      layout: { ...icon, "icon-image": "vertex" },
    },
    {
      id: "draft-new",
      type: "symbol",
      source: "draft",
      filter: kind("new"),
      layout: { ...icon, "icon-image": "vertex-new" },
    },
  ];
}

export const work = { effect, draft };
