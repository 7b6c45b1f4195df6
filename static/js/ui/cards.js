// Which card stands at the side: the chosen area, several areas, a zone, or the totals; and going to places on request.
import { api } from "../data/api.js";
import { boot } from "../data/boot.js";
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { levels } from "../data/levels.js";
import { page } from "../data/page.js";
import { showAreaCard } from "./area_card.js";
import { drawBreadcrumb } from "./breadcrumb.js";
import { places } from "./places.js";
import { showFactsCard } from "./facts_card.js";
import { side } from "./side.js";
import { toast } from "./toast.js";
import { showTotalsCard } from "./totals_card.js";
import { showSeveralCard } from "./several_card.js";
import { ZoneCard } from "./zone_card.js";
import { zoneList, zoneTable } from "./zone_table.js";

const chosen = ({ fid, code, name, level }) => ({ fid, code, name, level });

/** Owns the choice of the card. Verbs: show, zone, into, outward, parent, found, outline, withdraw, restore. */
export class Cards {
  #turn = 0;
  #area = null;
  #zone;

  /**
   * @param {import("../map/canvas.js").Canvas} canvas
   * @param {import("../map/renewal.js").Renewal} renewal
   * @param {{use: (id: string) => void, exportOf: (area: object) => void, free: () => boolean, drawing: () => boolean}} verbs free:
   *   no tool holds the panel; drawing: what is drawn is about the areas chosen, so they stay
   */
  constructor(canvas, renewal, verbs) {
    Object.assign(this, { canvas, renewal, verbs });
    this.#zone = new ZoneCard({
      withdraw: (zone) => this.withdraw(zone),
      go: (zone) => this.canvas.goTo(zone),
      shut: () => this.#leaveZone(),
      decided: async (zone, act) => {
        toast(t(`toast.zone-${act}`, { name: zone.name || zone.code }));
        await this.renewal.zones(zone);
      },
    });
    page.on("selection", () => {
      this.#zone.leave();
      this.#remember();
      this.show();
    });
    page.on(["zones", "zoneSums"], () => {
      if (side.shown === "totals") this.#totals();
    });
    page.on("zones", () => {
      const { id, zone } = this.#zone;
      if (id === null || side.shown !== `zone ${id}`) return;
      if (zone?.status !== "lifted" && !page.zones.some((entry) => entry.id === id)) this.#leaveZone();
      else this.#zone.again();
    });
    renewal.onTotals = () => {
      if (!page.selection.length && this.#zone.id === null && (side.shown === null || side.shown === "totals"))
        this.#totals();
    };
  }

  /** The card that fits what is chosen. */
  async show({ gone = null } = {}) {
    if (!this.verbs.free()) return;
    const turn = ++this.#turn;
    if (this.#zone.id !== null) {
      this.#zone.show(this.#zone.id);
      return;
    }
    if (page.selection.length > 1) {
      this.#several();
      return;
    }
    const [one] = page.selection;
    if (!one) {
      this.#area = null;
      this.#crumb(page.focus);
      this.#totals();
      return;
    }
    const area = await api.get(boot.urls.area, { path: { code: one.code } }).catch((error) => {
      if (gone && error.status === 404) gone([one]);
      else toast(error.text, { kind: "bad" });
      return null;
    });
    if (!area || turn !== this.#turn || !this.verbs.free()) return;
    this.#area = area;
    this.#crumb(area);
    const facts = () =>
      showFactsCard(area, {
        onSaved: () => this.renewal.after({ rev: area.rev ?? page.rev, changed: [] }),
        onShut: () => this.show(),
      });
    showAreaCard(area, {
      split: (event) => this.verbs.use("split", event.detail === 0),
      merge: (event) => this.verbs.use("merge", event.detail === 0),
      halve: (event) => this.verbs.use("halve", event.detail === 0),
      facts,
      staff: () => this.verbs.staff(area),
      exports: () => this.verbs.exportOf(area),
      subdivide: () => this.verbs.divide("subdivide", area),
      dissolve: () => this.verbs.divide("dissolve", area),
      transfer: () => this.verbs.transfer(area),
      assign: () => this.#set(area, { assigned: true }, "toast.assigned"),
      lock: (locked) => this.#set(area, { locked }, locked ? "toast.locked" : "toast.unlocked"),
      past: this.verbs.past,
      restore: this.verbs.restore,
      shut: () => page.set({ selection: [] }),
    });
  }

  /** One attribute of an area: open ground becomes an area like any other, or its border may move no more. */
  async #set(area, changes, words) {
    try {
      const told = await api.patch(boot.urls.area, { path: { code: area.code }, body: { version: area.version, ...changes } });
      await this.renewal.after({ rev: told.rev, changed: [] });
      toast(t(words, { what: places.title(area) }));
    } catch (error) {
      toast(error.text, { kind: "bad" });
    }
    this.show();
  }

  #leaveZone() {
    this.#zone.leave();
    this.show();
  }

  /**
   * Somebody else's edits came: the card is read anew when it is about that ground; an area that is gone is let go.
   * @param {object[]} edits data of `edit` events
   */
  async renewed(edits) {
    const [one] = page.selection;
    if (!one || !this.verbs.free() || !(side.shown === `area ${one.fid}` || page.selection.length > 1)) return;
    const box = this.#area?.fid === one.fid ? this.#area.bounds : null;
    const meets = (b) => box && b[0] <= box[2] && box[0] <= b[2] && b[1] <= box[3] && box[1] <= b[3];
    const named = edits.filter((edit) => page.selection.some((area) => edit.areas.includes(area.fid)));
    if (!named.length && !edits.some((edit) => edit.all || (edit.bounds ? meets(edit.bounds) : edit.facts))) return;
    const gone = (areas) => {
      toast(t("live.gone", { what: format.list(areas.map(places.short)) }), { kind: "info" });
      page.set({ selection: page.selection.filter((area) => !areas.includes(area)) });
    };
    if (named.length && page.selection.length > 1) {
      const lives = await Promise.all(
        page.selection.map(({ code }) =>
          api.get(boot.urls.area, { path: { code } }).then(
            () => true,
            (error) => error.status !== 404,
          ),
        ),
      );
      const dead = page.selection.filter((_, i) => !lives[i]);
      if (dead.length) {
        gone(dead);
        return;
      }
    }
    this.show({ gone });
  }

  #crumb(area) {
    drawBreadcrumb(area ?? this.#top, (entry) => this.go(entry));
  }

  #totals() {
    const { totals } = this.renewal;
    if (!totals) return;
    showTotalsCard(totals, {
      canvas: this.canvas,
      zones: [zoneTable(page.zoneSums), zoneList(page.zones, (zone) => this.zone(zone.id))],
      onPick: (area) => page.set({ selection: [chosen(area)] }),
      onFindings: (kind) => this.verbs.findings(kind),
    });
  }

  async #several() {
    const turn = this.#turn;
    const areas = (
      await Promise.all(page.selection.map(({ code }) => api.get(boot.urls.area, { path: { code } }).catch(() => null)))
    ).filter(Boolean);
    if (turn !== this.#turn || !this.verbs.free()) return;
    showSeveralCard(areas, { merge: () => this.verbs.use("merge"), shut: () => page.set({ selection: [] }) });
  }

  /** @param {number} id */
  async zone(id) {
    this.#turn++;
    await this.#zone.show(id);
  }

  /** Takes a proposal back; the toast offers to restore it. */
  async withdraw(zone) {
    let told;
    try {
      told = await api.delete(boot.urls.zone, { path: { id: zone.id } });
    } catch (error) {
      toast(error.text, { kind: "bad" });
      return;
    }
    this.#zone.leave();
    await this.renewal.zones({ ...zone, rev: told.rev });
    toast(t("toast.withdrawn", { name: zone.name || zone.code }), {
      action: t("undo.word"),
      onAction: () => this.restoreZone(zone.id),
    });
    this.show();
  }

  /** Brings a proposal back that was withdrawn, or sent back to its author. @param {number} id */
  async restoreZone(id) {
    try {
      await this.renewal.zones(await api.post(boot.urls.zone_restore, { path: { id }, body: {} }));
      this.zone(id);
    } catch (error) {
      toast(error.text, { kind: "bad" });
    }
  }

  /** One level in: the person asked by a double click. */
  async into(area) {
    const told = await api.get(boot.urls.area, { path: { code: area.code } }).catch(() => null);
    if (!told) return;
    page.set({ focus: told, selection: [chosen(told)] });
    const next = levels.ids
      .slice(levels.depth(told.level) + 1)
      .map(levels.zooms)
      .find(Boolean);
    this.canvas.goTo(told, { zoomAtLeast: next && !told.leaf ? next[0] + 0.05 : null, zoomAtMost: 19 });
  }

  /** One level out from where one went in. @returns {boolean} */
  outward() {
    const parent = page.focus?.ancestors?.at(-1);
    if (!page.focus) return false;
    page.set({ focus: null });
    if (!parent) return false;
    this.go(parent, false);
    return true;
  }

  /** The parent of what is chosen. */
  parent() {
    const parent = (this.#area ?? page.focus)?.ancestors?.at(-1);
    if (parent) this.go(parent);
  }

  /** @param {object} area the person asked for @param {boolean} [select] */
  async go(area, select = true) {
    if (area.level === null) return void this.canvas.goTo(area, { zoomAtMost: 19 }); // a building in no area
    const told = area.bounds ? area : await api.get(boot.urls.area, { path: { code: area.code } }).catch(() => null);
    if (!told) return;
    if (this.verbs.drawing()) return void this.canvas.goTo(told, { zoomAtMost: 19 });
    page.set({ focus: told, ...(select ? { selection: [chosen(told)] } : {}) });
    this.canvas.goTo(told, { zoomAtMost: 19 });
    if (!select) this.#crumb(told);
  }

  /** @param {object} result of the search */
  found(result) {
    this.outline(null);
    this.canvas.goTo(result);
    if (this.verbs.drawing()) return void this.canvas.gl.getCanvas().focus();
    if (result.kind === "area")
      page.set({ selection: [{ fid: result.fid, code: result.code, name: result.name, level: result.level }] });
    else if (result.kind === "zone") this.zone(result.fid);
    this.canvas.gl.getCanvas().focus();
  }

  /** @param {object | null} result outlined while the arrow keys walk, without moving the map */
  outline(result) {
    const [w, s, e, n] = result?.bounds ?? [];
    const box = result?.bounds
      ? {
          type: "Polygon",
          coordinates: [
            [
              [w, s],
              [e, s],
              [e, n],
              [w, n],
              [w, s],
            ],
          ],
        }
      : result?.where
        ? {
            type: "Polygon",
            coordinates: [
              Array.from({ length: 25 }, (_, i) => [
                result.where[0] + 0.00025 * Math.cos((i * Math.PI) / 12),
                result.where[1] + 0.0002 * Math.sin((i * Math.PI) / 12),
              ]),
            ],
          }
        : null;
    this.canvas.show("outline", box ? [{ type: "Feature", properties: { kind: "hit" }, geometry: box }] : []);
  }

  #remember() {
    const hash = new URLSearchParams(location.hash.slice(1));
    const [one] = page.selection;
    if (one && page.selection.length === 1) hash.set("area", one.code);
    else hash.delete("area");
    history.replaceState(history.state, "", `#${hash.toString().replaceAll("%2F", "/")}`);
  }

  /** The area named in the address, else the top of the tree. */
  async restore() {
    const code = new URLSearchParams(location.hash.slice(1)).get("area");
    const scope = (boot.account.roles ?? []).map((role) => role.area?.code).filter(Boolean)[0];
    const [area, top] = await Promise.all(
      [code, scope].map((wanted) =>
        wanted ? api.get(boot.urls.area, { path: { code: wanted } }).catch(() => null) : null,
      ),
    );
    this.#top = top;
    if (area) page.set({ selection: [chosen(area)] });
    else this.show();
  }

  #top = null;
}
