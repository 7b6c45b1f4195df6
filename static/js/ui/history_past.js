// The ground of an earlier edit, outlined over the map as it is: the borders it left, or those it found. The map stays
// put until somebody asks to go there.
import { api } from "../data/api.js";
import { boot } from "../data/boot.js";
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { page } from "../data/page.js";
import { el } from "./dom.js";
import { editName } from "./edit_name.js";
import { icon } from "./icon.js";
import { say } from "./say.js";

const box = ([w, s, e, n]) => [
  [
    [
      [w, s],
      [e, s],
      [e, n],
      [w, n],
      [w, s],
    ],
  ],
];

/** Owns the outlines of one edit and the note that says what they are. Verbs: read, show, hide, go. */
export class Past {
  #edits = new Map();
  #note = null;
  #edit = null;
  #side = null;
  #watchers = [];

  /** @param {import("../map/canvas.js").Canvas} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    page.on(["selection", "tool"], () => this.hide());
  }

  /**
   * @param {Node} node as long as it is on the page
   * @param {() => void} watcher is called when something else is outlined than before
   */
  watch(node, watcher) {
    this.#watchers.push({ node, watcher });
  }

  /** @param {number} rev @returns {"after" | "before" | null} which borders of that edit are outlined */
  shows(rev) {
    return this.#edit?.rev === rev ? this.#side : null;
  }

  /** @returns {Promise<object | null>} an edit as GET /api/edits/{rev} tells it; null when it lies out of sight */
  async read(rev) {
    if (!this.#edits.has(rev)) this.#edits.set(rev, await api.get(boot.urls.edit, { path: { rev } }).catch(() => null));
    return this.#edits.get(rev);
  }

  /**
   * Outlines the ground of an edit: the borders it left, or, with "before", those it found.
   * @param {number} rev @param {"after" | "before"} [side]
   */
  async show(rev, side = "after") {
    const edit = await this.read(rev);
    if (!edit) return say.now(t("past.unseen"));
    const shapes = edit[side].length ? edit[side].map((area) => area.geometry.coordinates) : [];
    if (!shapes.length && edit.bounds) shapes.push(box(edit.bounds));
    this.canvas.show(
      "outline",
      shapes.map((coordinates) => ({
        type: "Feature",
        properties: { kind: side === "before" ? "peer" : "hit" },
        geometry: { type: "MultiPolygon", coordinates },
      })),
    );
    this.#edit = edit;
    this.#side = side;
    this.#tell();
    return undefined;
  }

  /** Goes to the ground that is outlined, because somebody asked. */
  go() {
    if (this.#edit?.bounds) this.canvas.goTo({ bounds: this.#edit.bounds }, { zoomAtMost: 19 });
  }

  /** @returns {boolean} whether something was outlined */
  hide() {
    if (!this.#edit) return false;
    const inside = this.#note?.contains(document.activeElement);
    this.#edit = this.#side = null;
    this.#note?.remove();
    this.#note = null;
    this.canvas.show("outline", []);
    if (inside) this.canvas.gl.getCanvas().focus();
    this.#changed();
    return true;
  }

  #changed() {
    this.#watchers = this.#watchers.filter(({ node }) => node.isConnected);
    for (const { watcher } of this.#watchers) watcher();
  }

  #tell() {
    const edit = this.#edit;
    const key = this.#note?.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    const what = t(`past.${edit[this.#side].length ? this.#side : "place"}`, { what: editName.line(edit), when: format.time(edit.at) });
    const verb = (name, words, onclick) => el("button", { class: "lk", type: "button", onclick, "data-key": name }, words);
    const other = this.#side === "before" ? "after" : "before";
    this.#note?.remove();
    this.#note = el(
      "div",
      { class: "past", role: "group", "aria-label": t("past.title") },
      el("svg", { class: `sw-line ${this.#side === "before" ? "theirs" : "ground"}`, viewBox: "0 0 28 8", "aria-hidden": "true" },
        el("path", { d: "M0 4h28", "stroke-width": 2, "stroke-dasharray": "5 3" })),
      el("span", {}, what),
      edit[other].length ? verb("turn", t(`past.to-${other}`), () => this.show(edit.rev, other)) : null,
      edit.bounds ? verb("go", t("past.go"), () => this.go()) : null,
      el(
        "button",
        {
          class: "btn quiet icon",
          type: "button",
          "aria-label": t("past.shut"),
          title: t("past.shut"),
          onclick: () => this.hide(),
          "data-key": "shut",
        },
        icon("close", "s"),
      ),
    );
    this.#note.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      this.hide();
    });
    document.getElementById("map").append(this.#note);
    if (key) this.#note.querySelector(`[data-key=${key}]`)?.focus();
    say.politely(what);
    this.#changed();
  }
}
