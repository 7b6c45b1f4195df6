// What the tools that work on whole areas have in common: a click picks an area or lets it go, Backspace the last, Enter saves.
import { page } from "../../data/page.js";
import { tip } from "../../ui/tip.js";

/** The areas picked are the selection of the page. A tool adds what is asked about them, and `finish`. */
export class PickingMode {
  cursor = "picks";
  snaps = false;

  /** @param {import("../desk.js").Desk} desk */
  constructor(desk) {
    this.desk = desk;
  }

  press({ area, point }) {
    const found = area();
    tip.move(point);
    if (!found) return;
    const rest = page.selection.filter((entry) => entry.fid !== found.fid);
    page.set({ selection: rest.length < page.selection.length ? rest : [...page.selection, found] });
  }

  hover() {}

  double() {}

  /** @param {{fid: number}} area */
  picked(area) {
    return page.selection.some((entry) => entry.fid === area.fid);
  }

  key(event) {
    if (event.key === "Enter") {
      this.finish();
      return true;
    }
    if (event.key === "Backspace" && page.selection.length) {
      page.set({ selection: page.selection.slice(0, -1) });
      return true;
    }
    return false;
  }

  escape() {
    if (!page.selection.length) return false;
    page.set({ selection: [] });
    return true;
  }

  /** The panel's Cancel: nothing is picked, no tool in hand. */
  cancel() {
    this.escape();
    this.desk.use("select");
  }
}
