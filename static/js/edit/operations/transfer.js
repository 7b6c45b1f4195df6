// Transfer: what is asked of the server, and which areas may become the parent.
import { boot } from "../../data/boot.js";

const AROUND = 0.25; // of the area's own size: whoever lies this near may touch it

export const transfer = {
  /** @param {object} area as the API shows it @returns {boolean} whether it could belong to another parent */
  of(area) {
    const parent = area.ancestors?.at(-1);
    return area.ancestors?.length > 1 && !boot.all_levels.find((level) => level.id === parent.level)?.locked;
  },

  /** @param {object} area @param {string} parent code @param {boolean} parts parents may fall apart @param {number} [version] seen in the preview */
  form: (area, parent, parts, version) => ({
    op: "transfer",
    targets: [area.code],
    parent,
    ...(parts ? { allow_parts: true } : {}),
    ...(version ? { versions: { [area.code]: version } } : {}),
  }),

  /** @param {object} area @returns {string} a box (west, south, east, north) a little larger than the area */
  around({ bounds: [w, s, e, n] }) {
    const [dx, dy] = [(e - w) * AROUND, (n - s) * AROUND];
    return [w - dx, s - dy, e + dx, n + dy].map((value) => value.toFixed(7)).join(",");
  },
};
