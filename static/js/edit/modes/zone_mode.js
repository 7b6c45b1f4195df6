// The tool Zone: choose a kind, click areas or draw around them; people are counted live; the result is a proposal.
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
import { ZonePanel } from "../../ui/zone_panel.js";
import { Draft } from "../draft.js";
import { draftFeatures } from "../draft_view.js";
import { Preview } from "../preview.js";

const FREEHAND_PX = 7;

/** Owns the proposal being made. */
export class ZoneMode {
  cursor = "picks";
  snaps = false;
  draft = new Draft();
  kind = boot.zone_kinds.filter((kind) => kind.drawn).sort((a, b) => b.rank - a.rank)[0]?.id;
  /** "areas": click whole areas; "polygon": draw around */
  way = "areas";
  areas = new Map();
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
    for (const area of page.selection) this.areas.set(area.code, area);
    page.set({ wash: true, selection: [] });
    this.#ask();
  }

  leave() {
    this.#drop();
    this.setWay("areas");
    page.set({ wash: false });
    this.desk.tell.card();
  }

  setKind(kind) {
    this.kind = kind;
    this.#ask();
  }

  setWay(way) {
    this.way = way;
    const drag = this.desk.canvas.gl.dragPan;
    if (way === "polygon") drag.disable();
    else drag.enable();
    this.desk.host.classList.toggle("draws", way === "polygon");
    this.desk.host.classList.toggle("picks", way === "areas" && page.tool === "zone");
    this.draft.clear();
    this.areas.clear();
    this.desk.canvas.show("draft", []);
    this.#ask();
  }

  press(stop) {
    tip.move(stop.point);
    if (this.way === "areas") {
      const found = stop.area();
      if (!found) return;
      if (this.areas.has(found.code)) this.areas.delete(found.code);
      else this.areas.set(found.code, found);
      this.#ask();
      return;
    }
    if (this.#trail?.drawn) {
      this.#trail = null;
      return;
    }
    if (this.draft.closed) this.draft.clear();
    if (this.draft.put(stop)) this.#follow();
  }

  down(stop, event) {
    if (this.way !== "polygon" || event.originalEvent.button !== 0) return;
    this.#trail = { from: stop.point, drawn: false };
  }

  hover(stop) {
    if (this.way !== "polygon") return;
    if (this.#trail && !this.draft.closed) {
      const last = this.draft.points.at(-1)?.point ?? this.#trail.from;
      if (Math.hypot(stop.point.x - last.x, stop.point.y - last.y) > FREEHAND_PX) {
        if (!this.#trail.drawn) this.draft.clear();
        this.#trail.drawn = true;
        this.draft.put(stop);
        this.#follow();
      }
      return;
    }
    if (this.draft.closed) return;
    this.draft.hover = stop;
    this.#follow();
  }

  up() {
    if (this.#trail?.drawn) this.#close();
    else this.#trail = null;
  }

  double() {
    if (this.way === "polygon") this.#close();
  }

  key(event) {
    if (this.way === "polygon" && event.key === "Backspace" && !this.draft.empty) {
      this.draft.back();
      this.#follow();
      return true;
    }
    if (event.key === "Enter" && this.way === "polygon" && !this.draft.empty && !this.draft.closed) {
      this.#close();
      return true;
    }
    if (event.key === "Enter" && this.preview.form) {
      this.propose();
      return true;
    }
    return false;
  }

  /** @param {{code: string}} area */
  picked(area) {
    return this.areas.has(area.code);
  }

  escape() {
    if (this.draft.empty && !this.areas.size) return false;
    this.#drop();
    this.#ask();
    return true;
  }

  #close() {
    this.draft.closed = true;
    this.draft.hover = null;
    this.#follow();
    setTimeout(() => {
      this.#trail = null;
    }, 0);
  }

  #follow() {
    this.desk.canvas.show(
      "draft",
      draftFeatures(
        this.#trail?.drawn
          ? Object.assign(new Draft(), {
              points: this.draft.points.slice(0, 1),
              hover: null,
              stops: () => this.draft.points,
            })
          : this.draft,
        { closed: true },
      ),
    );
    this.#ask();
  }

  /** @returns {object | null} the form of POST /api/zones, null while nothing is chosen */
  form() {
    const ring = this.draft.line();
    const members =
      this.way === "areas"
        ? this.areas.size
          ? { areas: [...this.areas.keys()] }
          : null
        : ring.length > 2
          ? { polygon: { type: "Polygon", coordinates: [[...ring, ring[0]]] } }
          : null;
    return members && { kind: this.kind, ...this.panel.fields(), ...members };
  }

  #ask() {
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
    this.desk.canvas.show(
      "preview",
      answer.geometry
        ? [{ type: "Feature", properties: { kind: "zone", zone: this.kind }, geometry: answer.geometry }]
        : [],
    );
    const { figures } = answer,
      kind = boot.zone_kinds.find((entry) => entry.id === this.kind);
    const words = [
      figures.unknown_leaves ? t("zone.unknown-leaves", { n: figures.unknown_leaves }) : null,
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
    if (error.code === "offline") return;
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
    this.areas.clear();
    this.#trail = null;
    for (const source of ["draft", "preview"]) this.desk.canvas.show(source, []);
    tip.hide();
  }
}
