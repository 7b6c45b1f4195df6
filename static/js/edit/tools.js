// The tools of the rail: one line each. A tool is shown only to those who may use it.
import { boot } from "../data/boot.js";

const can = boot.account.can;

/** What changes something: closed while the store takes no changes. */
export const WRITING = new Set(["split", "merge", "reshape", "vertex", "draw", "divide", "brush", "halve", "lattice", "zone", "post", "undo", "redo"]);

/**
 * @type {Array<{id: string, key: string, icon: string, group: number, shown: boolean, mode: boolean, more?: boolean}>} `mode`
 *   false: opens a dialog instead; `more`: behind the button More of the rail
 */
export const TOOLS = [
  { id: "select", key: "V", icon: "select", group: 0, shown: true, mode: true },
  { id: "split", key: "X", icon: "split", group: 1, shown: can.redraw, mode: true },
  { id: "merge", key: "C", icon: "merge", group: 1, shown: can.redraw, mode: true },
  { id: "reshape", key: "R", icon: "reshape", group: 1, shown: can.redraw, mode: true },
  { id: "vertex", key: "N", icon: "vertex", group: 1, shown: can.redraw, mode: true },
  { id: "draw", key: "A", icon: "draw", group: 1, shown: can.redraw, mode: true },
  { id: "divide", key: "D", icon: "divide", group: 1, shown: can.redraw, mode: true },
  { id: "brush", key: "B", icon: "brush", group: 1, shown: can.redraw && Boolean(boot.map.has?.buildings), mode: true },
  { id: "halve", key: "H", icon: "halve", group: 1, shown: can.redraw, mode: true, more: true },
  { id: "lattice", key: "M", icon: "lattice", group: 1, shown: can.redraw, mode: true, more: true },
  {
    id: "zone",
    key: "Z",
    icon: "zone",
    group: 2,
    shown: can.propose_zone && boot.zone_kinds.some((kind) => kind.drawn),
    mode: true,
  },
  { id: "post", key: "P", icon: "post", group: 2, shown: can.edit_facts, mode: true },
  { id: "measure", key: "L", icon: "measure", group: 3, shown: true, mode: true },
  { id: "export", key: "E", icon: "export", group: 3, shown: can.export, mode: false },
].filter((tool) => tool.shown);
