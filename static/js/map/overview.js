// What the command page adds to the map: the border of the area in view, names and values of those right below it, posts.
import { boot } from "../data/boot.js";
import { figures } from "../data/figures.js";
import { levels } from "../data/levels.js";
import { page } from "../data/page.js";
import { places } from "../ui/places.js";
import { theme } from "../ui/theme.js";
import { valueText } from "./figure_paint.js";
import { fonts } from "./fonts.js";
import { readInk } from "./ink.js";

const SIZES = boot.wall ? { name: 19, value: 24, post: 1.25 } : { name: 13, value: 15, post: 1 };
const STATES = ["manned", "short", "closed", "unknown"];
const RATIO = 2,
  BOX = 26;

/** A square with a barrier; who is short has a heavy edge and a mark, who is closed is crossed out. */
function picture(ink, state) {
  const canvas = new OffscreenCanvas(BOX * RATIO, BOX * RATIO);
  const pen = canvas.getContext("2d");
  pen.scale(RATIO, RATIO);
  const colour = { manned: ink["ink-1"], short: ink.warn, closed: ink["ink-3"], unknown: ink.stale }[state];
  pen.lineJoin = "round";
  pen.fillStyle = ink["bg-panel"];
  pen.strokeStyle = colour;
  pen.lineWidth = state === "short" ? 3 : 1.8;
  if (state === "unknown") pen.setLineDash([3, 2.4]);
  pen.beginPath();
  pen.roundRect(3, 3, 20, 20, 3);
  pen.fill();
  pen.stroke();
  pen.setLineDash([]);
  pen.lineWidth = 1.8;
  pen.beginPath();
  pen.moveTo(9, 19);
  pen.lineTo(9, 8);
  if (state === "closed") pen.lineTo(14, 7.5);
  else {
    pen.moveTo(9, 10.5);
    pen.lineTo(19, 10.5);
    pen.moveTo(12, 10.5);
    pen.lineTo(14, 8);
    pen.moveTo(16, 10.5);
    pen.lineTo(18, 8);
  }
  pen.stroke();
  return pen.getImageData(0, 0, BOX * RATIO, BOX * RATIO);
}

/** Owns the layers "command-...". Verbs: show, labels, posts. */
export class Overview {
  #turn = 0;
  #posts = [];

  /** @param {import("./canvas.js").Canvas} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    theme.watch(() => canvas.loaded && this.show());
  }

  /** The layers for the area in view, in the colours of this moment. */
  show() {
    const { gl } = this.canvas,
      ink = readInk();
    for (const id of ["command-short", "command-posts", "command-below", "command-scope"]) if (gl.getLayer(id)) gl.removeLayer(id);
    for (const state of STATES) {
      const name = `post-state-${state}`;
      if (gl.hasImage(name)) gl.updateImage(name, picture(ink, state));
      else gl.addImage(name, picture(ink, state), { pixelRatio: RATIO });
    }
    if (!gl.getSource("command-posts")) gl.addSource("command-posts", { type: "geojson", data: { type: "FeatureCollection", features: [] } });
    this.#border(gl, ink);
    this.#names(gl, ink);
    gl.addLayer({
      id: "command-posts",
      type: "symbol",
      source: "command-posts",
      layout: {
        "icon-image": ["concat", "post-state-", ["get", "state"]],
        "icon-size": SIZES.post,
        "icon-allow-overlap": true,
        "icon-ignore-placement": true,
        "symbol-sort-key": ["case", ["==", ["get", "state"], "manned"], 0, 1],
      },
    });
    gl.addLayer({
      id: "command-short",
      type: "symbol",
      source: "command-posts",
      filter: ["==", ["get", "state"], "short"],
      layout: {
        "text-field": ["get", "text"],
        "text-font": fonts.bold,
        "text-size": SIZES.name - 4,
        "text-anchor": "left",
        "text-offset": [1.3, 0],
        "text-allow-overlap": true,
      },
      paint: { "text-color": ink.warn, "text-halo-color": ink["m-halo"], "text-halo-width": 2 },
    });
    this.posts(this.#posts);
  }

  #border(gl, ink) {
    const { scope } = page;
    const source = `areas-${scope?.level}`;
    if (!scope || !gl.getSource(source) || boot.tops.some((top) => top.fid === scope.fid)) return;
    const line = {
      id: "command-scope",
      type: "line",
      source,
      "source-layer": "areas",
      filter: ["==", ["id"], scope.fid],
      layout: { "line-join": "round" },
      paint: { "line-color": ink.select, "line-width": boot.wall ? 3.4 : 2.8 },
    };
    gl.addLayer(line, gl.getLayer("selected-halo") ? "selected-halo" : undefined);
  }

  #names(gl, ink) {
    const level = page.tree?.data?.children[0]?.level;
    if (!level) return;
    const own = `areas-${level}`;
    const of = (key) => ["coalesce", ["get", ["concat", ["to-string", ["id"]], key], ["object", ["coalesce", ["global-state", "below"], ["literal", {}]]]], ""];
    gl.addLayer({
      id: "command-below",
      type: "symbol",
      source: gl.getSource(own) ? own : "areas",
      "source-layer": "areas_label",
      layout: {
        "text-field": ["format", of(""), { "text-font": ["literal", fonts.bold], "font-scale": 1 }, "\n", {}, of("v"), { "text-font": ["literal", fonts.bold], "font-scale": SIZES.value / SIZES.name }],
        "text-font": fonts.bold,
        "text-size": SIZES.name,
        "text-line-height": 1.15,
        "text-padding": 4,
        "text-max-width": 16,
      },
      paint: { "text-color": ink["m-label"], "text-halo-color": ink["m-halo"], "text-halo-width": 2.2 },
    });
  }

  /** Names and values of the areas below, for the metric in view. */
  async labels() {
    const turn = ++this.#turn;
    const children = page.tree?.data?.children ?? [];
    const metric = boot.metrics.find((one) => one.id === page.metric);
    const level = children[0]?.level;
    const told = level && metric && levels.ids.includes(level) ? await figures.load(level, metric.id).catch(() => null) : null;
    if (turn !== this.#turn || !this.canvas.loaded) return;
    const values = new Map((told?.fid ?? []).map((fid, i) => [fid, told.value[i]]));
    const texts = {};
    for (const area of children) {
      texts[area.fid] = places.title(area);
      if (values.has(area.fid)) texts[`${area.fid}v`] = valueText(metric, values.get(area.fid));
    }
    this.canvas.gl.setGlobalStateProperty("below", texts);
  }

  /** @param {object[]} posts as GET /api/checkpoints gives them */
  posts(posts) {
    this.#posts = posts;
    this.canvas.gl.getSource("command-posts")?.setData({
      type: "FeatureCollection",
      features: posts
        .filter((post) => post.point)
        .map((post) => ({
          type: "Feature",
          properties: { state: STATES.includes(post.state) ? post.state : "unknown", text: `${post.present ?? 0}/${post.required ?? 0}` },
          geometry: { type: "Point", coordinates: post.point },
        })),
    });
  }
}
