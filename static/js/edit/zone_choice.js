// What a zone is made of while it is put together: areas, buildings, single stairwells of a building. Every place once.
import { api } from "../data/api.js";
import { boot } from "../data/boot.js";

/** how the ground is pointed at; those of buildings only where there are any */
export const WAYS = ["areas", ...(boot.map.has?.buildings ? ["buildings", "box"] : []), "polygon"];

/** Owns what was chosen. Verbs: toggleArea, toggleBuilding, add, drop, open, toggleUnit, clear, members. */
export class ZoneChoice {
  /** by code @type {Map<string, {code: string, name: string, level: string}>} */
  areas = new Map();
  /** by id; `units` are read when somebody looks at them, `left` are those left out @type {Map<number, object>} */
  buildings = new Map();

  get size() {
    return this.areas.size + this.buildings.size;
  }

  toggleArea(area) {
    if (!this.areas.delete(area.code)) this.areas.set(area.code, area);
  }

  toggleBuilding({ id, name }) {
    if (!this.buildings.delete(id)) this.add({ id, name });
  }

  /** @param {{id: number, name: string}} building */
  add({ id, name }) {
    if (!this.buildings.has(id)) this.buildings.set(id, { id, name, units: null, left: new Set() });
  }

  drop(key) {
    this.areas.delete(key);
    this.buildings.delete(key);
  }

  /** Reads the stairwells of a building. @returns {Promise<object[]>} */
  async open(building) {
    building.units ??= (
      await api.get(boot.urls.layer, {
        path: { layer: "units" },
        query: { building: building.id, geometry: false, limit: 1000 },
      })
    ).units;
    return building.units;
  }

  /** One stairwell in or out; a building without any leaves the zone. */
  toggleUnit(building, unit) {
    if (!building.left.delete(unit)) building.left.add(unit);
    if (building.left.size === building.units.length) this.buildings.delete(building.id);
  }

  clear() {
    this.areas.clear();
    this.buildings.clear();
  }

  /** @returns {object | null} the members as POST /api/zones takes them, null while there are none */
  members() {
    const whole = [],
      units = [];
    for (const building of this.buildings.values()) {
      if (building.left.size) units.push(...building.units.map((unit) => unit.id).filter((id) => !building.left.has(id)));
      else whole.push(building.id);
    }
    const made = { areas: [...this.areas.keys()], buildings: whole, units };
    const given = Object.entries(made).filter(([, list]) => list.length);
    return given.length ? Object.fromEntries(given) : null;
  }
}
