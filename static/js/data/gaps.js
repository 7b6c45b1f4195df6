// What several areas lack of staff together: what lacks in one is not made up for by what is too much in another.
const known = (value) => value !== null && value !== undefined;

export const gaps = {
  /** @param {Array<number | null | undefined>} parts of each area @returns {number | null} null for one area, or where one is not known */
  sum: (parts) => (parts.length > 1 && parts.every(known) ? parts.reduce((sum, gap) => sum + gap, 0) : null),

  /** Figures of several areas. @param {object} sums of the server @param {Array<object | null>} parts figures of each @returns {object} */
  together(sums, parts) {
    const gap = gaps.sum(parts.map((figures) => figures?.staff?.gap));
    return gap === null ? sums : { ...sums, staff: { ...sums.staff, gap } };
  },
};
