// The one map of the page. It moves only by the person's own hand: drag, wheel, key, or a place they asked for.
import { Map as GLMap } from "maplibre-gl";
import { boot } from "../data/boot.js";
import { t } from "../data/i18n.js";
import { room } from "../ui/room.js";
import { theme } from "../ui/theme.js";
import { drawImages, IMAGE_RATIO } from "./images.js";
import { readInk } from "./ink.js";
import { mapStyle } from "./style.js";
import { tiles } from "./tiles.js";

const ROOM_AROUND = 0.17; // of the smaller side of the map stays free around a place one goes to: a cut begins outside
const HOME_PADDING = 24,
  SHEET_BELOW_PX = 1024;

/** On narrow screens the panel lies over an edge of the map, a low sheet as long as nothing is chosen. */
const homePadding = () =>
  innerWidth < SHEET_BELOW_PX
    ? { top: 12, left: 12, right: 12, bottom: 92 }
    : { top: HOME_PADDING, left: HOME_PADDING, bottom: HOME_PADDING, right: HOME_PADDING + room.covered().right };

/** Owns the MapLibre map and its look. Public verbs: look (after a theme or legend change), goTo, renew, show. */
export class Canvas {
  /**
   * @param {HTMLElement} container
   * @param {Record<string, object>} sources
   * @param {() => object} shown what the style needs to know
   */
  constructor(container, sources, shown) {
    this.sources = sources;
    this.shown = shown;
    const ink = readInk();
    this.last = mapStyle(ink, sources, shown());
    this.gl = new GLMap({
      container,
      style: this.last,
      hash: "map",
      ...(boot.map.bounds
        ? { bounds: boot.map.bounds, fitBoundsOptions: { padding: homePadding() } }
        : { center: [110, 32], zoom: 4 }),
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      maxPitch: 0,
      boxZoom: false,
      doubleClickZoom: false,
      fadeDuration: 0,
      maxZoom: 21,
      transformRequest: (url) => ({ url: tiles.address(url) }),
      cancelPendingTileRequestsWhileZooming: true,
      locale: { "Map.Title": t("map.title") },
    });
    this.gl.touchZoomRotate.disableRotation();
    this.gl.keyboard.disableRotation();
    this.#images(ink);
    theme.watch(() => this.look());
  }

  /** @returns {Promise<void>} when the style can be changed */
  ready() {
    return new Promise((resolve) => {
      this.gl.once("style.load", () => {
        this.loaded = true;
        resolve();
      });
    });
  }

  #images(ink) {
    this.pictures = drawImages(ink);
    this.gl.setMissingStyleImageResolver(async (id) => {
      if (this.pictures[id] && !this.gl.hasImage(id))
        this.gl.addImage(id, this.pictures[id], { pixelRatio: IMAGE_RATIO });
    });
  }

  /** Paints the map anew with the tokens and the legend of this moment; nothing is loaded again. */
  look() {
    const ink = readInk();
    this.pictures = drawImages(ink);
    for (const [name, data] of Object.entries(this.pictures))
      if (this.gl.hasImage(name)) this.gl.updateImage(name, data);
    const was = this.last;
    const style = mapStyle(ink, this.sources, this.shown());
    const known = new Map((was ?? { layers: [] }).layers.map((layer) => [layer.id, layer]));
    this.#stock(style, known);
    for (const layer of style.layers) {
      if (!this.gl.getLayer(layer.id)) continue;
      const before = known.get(layer.id);
      if (before?.minzoom !== layer.minzoom || before?.maxzoom !== layer.maxzoom)
        this.gl.setLayerZoomRange(layer.id, layer.minzoom ?? 0, layer.maxzoom ?? 24);
      if (before && JSON.stringify(before.filter) !== JSON.stringify(layer.filter)) this.gl.setFilter(layer.id, layer.filter);
      for (const part of ["paint", "layout"]) {
        for (const [name, value] of Object.entries(layer[part] ?? {})) {
          if (JSON.stringify(before?.[part]?.[name]) === JSON.stringify(value)) continue;
          if (part === "paint") this.gl.setPaintProperty(layer.id, name, value);
          else this.gl.setLayoutProperty(layer.id, name, value);
        }
      }
      const visible = layer.layout?.visibility ?? "visible";
      if ((this.gl.getLayoutProperty(layer.id, "visibility") ?? "visible") !== visible)
        this.gl.setLayoutProperty(layer.id, "visibility", visible);
    }
    this.last = style;
  }

  /** Other levels than before: their sources and borders come, those that are gone go. @param {Record<string, object>} sources */
  relevel(sources) {
    for (const [name, source] of Object.entries(sources)) if (!this.gl.getSource(name)) this.gl.addSource(name, source);
    this.sources = { ...this.sources, ...sources };
    this.look();
  }

  /** Layers that the style has and the map has not come in at their place; layers the style has no more leave. */
  #stock(style, known) {
    const wanted = style.layers.map((layer) => layer.id);
    for (const id of known.keys()) if (!wanted.includes(id) && this.gl.getLayer(id)) this.gl.removeLayer(id);
    for (let i = style.layers.length - 1; i >= 0; i--) {
      const layer = style.layers[i];
      if (this.gl.getLayer(layer.id) || (layer.source && !this.gl.getSource(layer.source))) continue;
      this.gl.addLayer(layer, wanted.slice(i + 1).find((id) => this.gl.getLayer(id)));
      known.set(layer.id, layer);
    }
  }

  /**
   * Goes to a place because a person asked for it.
   * @param {{bounds?: number[] | null, where?: [number, number]}} place
   */
  goTo({ bounds, where }, { zoomAtLeast = null, zoomAtMost = 18 } = {}) {
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const { clientWidth, clientHeight } = this.gl.getContainer();
    room.make();
    const { right, bottom } = room.toBeCovered(); // it is shown beside the panel, or above it
    const side = Math.max(HOME_PADDING, Math.round(ROOM_AROUND * Math.min(clientWidth - right, clientHeight - bottom)));
    const padding = { top: side, left: side, right: side + right, bottom: side + bottom };
    const zoom = bounds && this.gl.cameraForBounds(bounds, { padding, maxZoom: zoomAtMost })?.zoom;
    const camera = zoom
      ? { center: this.gl.cameraForBounds(bounds, { padding: 0 }).center, zoom }
      : { center: where, zoom: Math.max(this.gl.getZoom(), 17) };
    this.gl.easeTo({
      center: camera.center,
      zoom: zoomAtLeast === null ? camera.zoom : Math.max(camera.zoom, zoomAtLeast),
      offset: [-right / 2, -bottom / 2],
      duration: calm ? 0 : 320,
    });
  }

  /**
   * Asks again for the tiles of these layers; what did not change comes from the cache of the browser, nothing
   * flashes.
   */
  renew(layers = null) {
    for (const name of Object.keys(this.sources)) {
      const layer = name.startsWith("areas") ? "areas" : name.replace("_rest", "");
      if (!layers || layers.includes(layer)) this.gl.refreshTiles(name);
    }
  }

  /** @param {"draft" | "preview" | "outline"} source @param {object[]} features */
  show(source, features) {
    this.gl.getSource(source)?.setData({ type: "FeatureCollection", features });
  }

  /** @returns {{fid: number, code: string, name: string, level: string} | null} the area under a pixel */
  areaAt(point) {
    const [found] = this.gl.queryRenderedFeatures(point, { layers: ["land"] });
    return found
      ? { fid: found.id, code: found.properties.code, name: found.properties.name, level: found.properties.level }
      : null;
  }

  /** @returns {Array<{fid: number, at: [number, number]}>} the labels of areas that there is room for */
  labels() {
    const found = this.gl.getLayer("area-label") ? this.gl.queryRenderedFeatures({ layers: ["area-label"] }) : [];
    return found.map((one) => ({ fid: one.id, at: one.geometry.coordinates }));
  }

  /** @returns {{id: number, name: string} | null} the building under a pixel */
  buildingAt({ x, y }) {
    const [found] = this.gl.getLayer("building") ? this.gl.queryRenderedFeatures([x, y], { layers: ["building"] }) : [];
    return found ? { id: found.id, name: found.properties.name || found.properties.code || "" } : null;
  }

  /** @param {[[number, number], [number, number]]} box of pixels @returns {Array<{id: number, geometry: object}>} each once */
  buildingsIn(box) {
    const found = this.gl.getLayer("building") ? this.gl.queryRenderedFeatures(box, { layers: ["building"] }) : [];
    return [...new Map(found.map((one) => [one.id, { id: one.id, geometry: one.geometry }])).values()];
  }

  /** @returns {object | null} the zone whose letter is under a pixel */
  badgeAt({ x, y }) {
    const [found] = this.gl.getLayer("zone-badge")
      ? this.gl.queryRenderedFeatures([x, y], { layers: ["zone-badge"] })
      : [];
    return found ? { id: found.id, ...found.properties } : null;
  }

  /** @returns {object | null} the zone under a pixel, the gravest first */
  zoneAt(point) {
    const layers = this.gl
      .getStyle()
      .layers.filter(
        (layer) =>
          layer.source === "zones" &&
          layer.type === "fill" &&
          this.gl.getLayoutProperty(layer.id, "visibility") !== "none",
      )
      .map((layer) => layer.id);
    const [found] = layers.length ? this.gl.queryRenderedFeatures(point, { layers }) : [];
    return found ? { id: found.id, ...found.properties } : null;
  }
}
