// The base map on the canvas: blank, or one of those the server offers; which one and how strong is kept in this browser.
import { api } from "../data/api.js";
import { boot } from "../data/boot.js";
import { named } from "../data/named.js";
import { page } from "../data/page.js";
import { t } from "../data/i18n.js";
import { theme } from "../ui/theme.js";
import { toast } from "../ui/toast.js";
import { readInk } from "./ink.js";
import { groundStyle, SOURCE } from "./style_ground.js";

const KEPT = "weige.ground";
const AGAIN_MS = 5000;
const REPLACED = ["roads", "water"]; // of ours: the base map shows them; they can be switched on again

function kept() {
  try {
    return JSON.parse(localStorage.getItem(KEPT)) ?? {};
  } catch {
    return {};
  }
}

/** Owns source and layers of the base map. Public: offered, use, fade, opacity, again. */
export class Ground {
  #told = null;
  #turn = 0;
  #hidden = [];

  /** @param {import("./canvas.js").Canvas} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.memory = { id: null, opacity: {}, ...kept() };
    page.set({ ground: null });
    theme.watch(() => this.#draw());
  }

  /** @returns {Array<{id: string, zh: string, en: string, state: string, text: string, opacity: number}>} */
  get offered() {
    return boot.basemaps ?? [];
  }

  /** The base map this browser had last. */
  async again() {
    if (this.memory.id && this.offered.some(({ id }) => id === this.memory.id)) await this.use(this.memory.id);
  }

  /** @param {string | null} id null: blank */
  async use(id, { quiet = false } = {}) {
    const turn = ++this.#turn;
    this.memory.id = id;
    this.#keep();
    const told = id ? await this.#ask(id, turn, quiet) : null;
    if (turn !== this.#turn) return;
    this.#clear();
    this.#told = told;
    if (told) this.#add(told);
    const hidden = new Set(page.hidden);
    for (const name of this.#hidden) hidden.delete(name);
    this.#hidden = told ? REPLACED.filter((name) => boot.map.has?.[name] && !hidden.has(name)) : [];
    for (const name of this.#hidden) hidden.add(name);
    page.set({ hidden, ground: told ? { id, format: told.format, attribution: told.attribution ?? "" } : null });
  }

  /** How strong the base map in use is drawn, 0 to 1. */
  get opacity() {
    const id = this.memory.id;
    return this.memory.opacity[id] ?? this.offered.find((one) => one.id === id)?.opacity ?? 1;
  }

  /** @param {number} opacity 0.1 to 1 */
  fade(opacity) {
    this.memory.opacity[this.memory.id] = opacity;
    this.#keep();
    this.#draw();
  }

  /** What the server tells of it; null when it cannot be shown, which is said. One being prepared is asked for again. */
  async #ask(id, turn, quiet) {
    const told = await api
      .get(boot.urls.basemap, { path: { id } })
      .catch((error) => ({ state: "failed", text: error.text }));
    if (told.state === "ok") return told;
    const coming = told.state === "preparing";
    const share = `${Math.round((told.progress ?? 0) * 100)} %`;
    const text = coming ? t("ground.preparing", { share }) : t("ground.failed", { what: told.text.split(": ")[0] });
    if (!quiet) toast(t("ground.lost", { name: named(this.offered, id), text }), { kind: "warn" });
    if (coming)
      setTimeout(() => {
        if (turn === this.#turn) this.use(id, { quiet: true });
      }, AGAIN_MS);
    return null;
  }

  #add(told) {
    const address = boot.urls.basemap_tile.replace("{id}", this.memory.id);
    this.canvas.gl.addSource(SOURCE, {
      type: told.format,
      tiles: [`${location.origin}${address}?v=${encodeURIComponent(told.version)}`],
      minzoom: told.minzoom,
      maxzoom: told.maxzoom,
      bounds: told.bounds,
      ...(told.format === "raster" ? { tileSize: told.tileSize } : {}),
    });
    const ids = this.canvas.gl.getStyle().layers.map(({ id }) => id);
    for (const layer of groundStyle.layers(readInk(), told, this.opacity))
      this.canvas.gl.addLayer(layer, groundStyle.below(layer, ids));
  }

  /** The same layers in the colours and the strength of this moment. */
  #draw() {
    if (!this.#told) return;
    for (const layer of groundStyle.layers(readInk(), this.#told, this.opacity))
      for (const [name, value] of Object.entries(layer.paint)) this.canvas.gl.setPaintProperty(layer.id, name, value);
  }

  #clear() {
    const { gl } = this.canvas;
    if (!this.#told) return;
    for (const { id } of gl.getStyle().layers) if (id.startsWith("ground-")) gl.removeLayer(id);
    gl.removeSource(SOURCE);
    this.#told = null;
  }

  #keep() {
    try {
      localStorage.setItem(KEPT, JSON.stringify(this.memory));
    } catch {
      /* this page only */
    }
  }
}
