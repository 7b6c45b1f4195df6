// The tool Zone: choose a kind, click areas or buildings, box buildings or draw around; people are counted live; the result
// is a proposal.
import { api } from "../../data/api.js";
import { boot } from "../../data/boot.js";
import { t } from "../../data/i18n.js";
import { named } from "../../data/named.js";
import { page } from "../../data/page.js";
import { zoneColour } from "../../map/images.js";
import { el } from "../../ui/dom.js";
import { figureText } from "../../ui/figure_text.js";
import { icon } from "../../ui/icon.js";
import { say } from "../../ui/say.js";
import { tip } from "../../ui/tip.js";
import { toast } from "../../ui/toast.js";
import { ZonePanel } from "../../ui/zone_panel.js";
import { Draft } from "../draft.js";
import { draftFeatures } from "../draft_view.js";
import { plane } from "../plane.js";
import { Preview } from "../preview.js";
import { ZoneChoice } from "../zone_choice.js";

const FREEHAND_PX = 7,
  MOST_BOXED = 1000;
const corners = ([[w, s], [e, n]]) => [
  [w, s],
  [e, s],
  [e, n],
  [w, n],
];

/** Owns the proposal being made. */
export class ZoneMode {
  cursor = "picks";
  snaps = false;
  draft = new Draft();
  choice = new ZoneChoice();
  kind = boot.zone_kinds.filter((kind) => kind.drawn).sort((a, b) => b.rank - a.rank)[0]?.id;
  /** one of WAYS of zone_choice.js */
  way = "areas";
  #trail = null;

  /** @param {import("../desk.js").Desk} desk */
  constructor(desk) {
    this.desk = desk;
    this.panel = new ZonePanel(this);
    this.preview = new Preview(
      (form, signal) => api.post(boot.urls.zones, { body: form, signal, query: { preview: true } }),
      {
        onAnswer: (answer) => this.#answered(answer),
        onRefusal: (error) => this.#refused(error),
        onSlow: () => tip.wait(),
      },
    );
  }

  enter() {
    for (const area of page.selection) this.choice.areas.set(area.code, area);
    page.set({ wash: true, selection: [] });
    this.ask();
  }

  leave() {
    this.#drop();
    this.setWay("areas");
    page.set({ wash: false });
    this.desk.tell.card();
  }

  setKind(kind) {
    this.kind = kind;
    this.ask();
  }

  /** True where a drag draws instead of moving the map. */
  get drags() {
    return this.way === "polygon" || this.way === "box";
  }

  setWay(way) {
    this.way = way;
    const drag = this.desk.canvas.gl.dragPan;
    if (this.drags) drag.disable();
    else drag.enable();
    this.desk.host.classList.toggle("draws", this.drags);
    this.desk.host.classList.toggle("picks", !this.drags && page.tool === "zone");
    if (["buildings", "box"].includes(way) && page.hidden.has("buildings"))
      page.set({ hidden: new Set([...page.hidden].filter((layer) => layer !== "buildings")) });
    this.draft.clear();
    this.desk.canvas.show("draft", []);
    this.ask();
  }

  press(stop) {
    tip.move(stop.point);
    if (this.way === "areas") {
      const found = stop.area();
      if (!found) return;
      this.choice.toggleArea(found);
      this.ask();
      return;
    }
    if (this.way === "buildings") {
      const found = this.desk.canvas.buildingAt(stop.point);
      if (!found) {
        tip.show([el("div", { class: "x" }, t("zone.no-building"))], "quiet");
        say.politely(t("zone.no-building"));
        return;
      }
      this.choice.toggleBuilding(found);
      this.ask();
      return;
    }
    if (this.#trail?.drawn) {
      this.#trail = null;
      return;
    }
    if (this.draft.closed) this.draft.clear();
    if (!this.draft.put(stop)) return;
    if (this.way === "box" && this.draft.points.length === 2) this.#boxed();
    else this.#follow();
  }

  down(stop, event) {
    if (!this.drags || event.originalEvent.button !== 0) return;
    this.#trail = { from: stop, drawn: false };
  }

  hover(stop) {
    if (!this.drags) return;
    if (this.#trail && !this.draft.closed) {
      const last = (this.way === "polygon" && this.draft.points.at(-1)?.point) || this.#trail.from.point;
      if (Math.hypot(stop.point.x - last.x, stop.point.y - last.y) > FREEHAND_PX || (this.way === "box" && this.#trail.drawn)) {
        if (!this.#trail.drawn) this.draft.clear();
        this.#trail.drawn = true;
        if (this.way === "box") {
          this.draft.points = [this.#trail.from];
          this.draft.hover = stop;
        } else this.draft.put(stop);
        this.#follow();
      }
      return;
    }
    if (this.draft.closed) return;
    this.draft.hover = stop;
    this.#follow();
  }

  up() {
    if (!this.#trail?.drawn) this.#trail = null;
    else if (this.way === "box") {
      this.draft.points = [this.#trail.from, this.draft.hover];
      this.#boxed();
      this.#rest();
    } else this.#close();
  }

  double() {
    if (this.way === "polygon") this.#close();
  }

  key(event) {
    if (this.drags && event.key === "Backspace" && !this.draft.empty) {
      this.draft.back();
      this.#follow();
      return true;
    }
    if (event.key === "Enter" && this.way === "polygon" && !this.draft.empty && !this.draft.closed) {
      this.#close();
      return true;
    }
    if (event.key === "Enter" && this.way === "box" && !this.draft.empty) return true;
    if (event.key === "Enter" && this.preview.form) {
      this.propose();
      return true;
    }
    return false;
  }

  /** @param {{code: string}} area @param {object} [stop] where one stands @returns {boolean} Enter does not choose here */
  picked(area, stop) {
    if (this.way !== "buildings") return this.choice.areas.has(area.code);
    const found = stop && this.desk.canvas.buildingAt(stop.point);
    return !found || this.choice.buildings.has(found.id);
  }

  escape() {
    if (this.draft.empty && !this.choice.size) return false;
    if (this.draft.empty || this.way === "polygon") this.#drop();
    else this.draft.clear();
    this.desk.canvas.show("draft", []);
    this.ask();
    return true;
  }

  #close() {
    this.draft.closed = true;
    this.draft.hover = null;
    this.#follow();
    this.#rest();
  }

  /** The click that ends a drag is no click. */
  #rest() {
    setTimeout(() => {
      this.#trail = null;
    }, 0);
  }

  /** Buildings whose middle lies in the box join those chosen before. */
  async #boxed() {
    const line = this.draft.line();
    this.draft.clear();
    this.desk.canvas.show("draft", []);
    const [[w, e], [s, n]] = [0, 1].map((i) => line.map((place) => place[i]).sort((a, b) => a - b));
    try {
      const told = await api.get(boot.urls.layer, {
        path: { layer: "buildings" },
        query: { bbox: [w, s, e, n].map((value) => value.toFixed(7)).join(","), limit: MOST_BOXED },
      });
      if (told.next) return void toast(t("zone.box-too-large", { n: MOST_BOXED }), { kind: "bad" });
      const inside = told.buildings.filter(({ geometry }) => {
        if (!geometry) return false;
        const [x, y] = plane.inner(geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates);
        return x >= w && x <= e && y >= s && y <= n;
      });
      for (const { id, name, code } of inside) this.choice.add({ id, name: name || code || "" });
      say.politely(t("zone.boxed", { n: inside.length, count: inside.length }));
      if (!inside.length) toast(t("zone.no-building"), { kind: "info" });
      else this.ask();
    } catch (error) {
      toast(error.text ?? String(error), { kind: "bad" });
    }
    return undefined;
  }

  #follow() {
    const line = this.draft.line();
    const features =
      this.way === "box" && line.length === 2
        ? draftFeatures(Object.assign(new Draft(), { points: [], hover: null, line: () => corners(line) }), { closed: true })
        : draftFeatures(
            this.#trail?.drawn
              ? Object.assign(new Draft(), {
                  points: this.draft.points.slice(0, 1),
                  hover: null,
                  stops: () => this.draft.points,
                })
              : this.draft,
            { closed: true },
          );
    this.desk.canvas.show("draft", features);
    if (this.way === "polygon") this.ask();
  }

  /** @returns {object | null} the form of POST /api/zones, null while nothing is chosen */
  form() {
    const ring = this.way === "polygon" ? this.draft.line() : [];
    const members =
      this.way === "polygon"
        ? ring.length > 2
          ? { polygon: { type: "Polygon", coordinates: [[...ring, ring[0]]] } }
          : null
        : this.choice.members();
    return members && { kind: this.kind, ...this.panel.fields(), ...members };
  }

  /** What is chosen changed: ask what it means. */
  ask() {
    const form = this.form();
    if (form) this.preview.ask(form);
    else {
      this.preview.drop();
      this.desk.canvas.show("preview", []);
      tip.hide();
    }
    if (page.tool === "zone") this.panel.draw(form ? this.preview.answer : null);
  }

  #answered(answer) {
    if (page.tool !== "zone") return;
    this.desk.canvas.show(
      "preview",
      answer.geometry
        ? [{ type: "Feature", properties: { kind: "zone", zone: this.kind }, geometry: answer.geometry }]
        : [],
    );
    const { figures } = answer,
      kind = boot.zone_kinds.find((entry) => entry.id === this.kind);
    const words = [
      figures.unknown_leaves ? t("zone.unknown-leaves", { n: figures.unknown_leaves, count: figures.unknown_leaves }) : null,
      figures.estimated ? t("value.estimated") : null,
      t("zone.dashed"),
    ];
    tip.show([
      el(
        "div",
        { class: "r" },
        el("span", { class: `tag ${zoneColour(this.kind)}` }, kind.letter[boot.lang] ?? kind.letter.zh),
        el("span", { class: "n" }, figureText.households(figures.households)),
        figureText.people(figures.population),
      ),
      el("div", { class: "x" }, words.filter(Boolean).join(" · ")),
    ]);
    this.panel.draw(answer);
    say.politely(`${named(boot.zone_kinds, this.kind)} ${figureText.households(figures.households)}`);
  }

  #refused(error) {
    if (error.code === "offline" || page.tool !== "zone") return;
    this.desk.canvas.show("preview", []);
    tip.show([el("div", { class: "r" }, icon("bad", "s"), error.text)], "refused");
    this.panel.draw(null, error.text);
  }

  /** Sends the proposal; somebody else approves it. */
  async propose() {
    await this.preview.settle();
    const form = this.form();
    if (!form || !this.panel.complete()) return;
    try {
      const zone = await api.post(boot.urls.zones, { body: form });
      this.#drop();
      this.panel.clear();
      this.desk.tell.zoned(zone);
    } catch (error) {
      this.panel.draw(this.preview.answer, error.text);
      say.now(error.text);
    }
  }

  #drop() {
    this.preview.drop();
    this.draft.clear();
    this.choice.clear();
    this.#trail = null;
    for (const source of ["draft", "preview"]) this.desk.canvas.show(source, []);
    tip.hide();
  }
}
