// A lattice of stalls: what is asked of the server, and its units in figures.

const MOST = { rows: 10000, columns: 10000, group: 100 };

export const lattice = {
  FIRST: { rows: 12, columns: 18, group: 3 },

  /** What keeps the wish from being asked, as the key of a sentence; null when it can be asked. */
  missing: (wish) => (Object.entries(MOST).every(([key, most]) => Number.isInteger(wish[key]) && wish[key] >= 1 && wish[key] <= most) ? null : "lattice.bad"),

  /**
   * @param {object} area as the API shows it
   * @param {{rows: number, columns: number, group: number}} wish
   * @param {Array<[number, number]> | null} baseline corner, and a place along the rows
   * @returns {object} the form of POST /api/edits
   */
  form: (area, { rows, columns, group }, baseline) => ({
    op: "lattice",
    targets: [area.code],
    rows,
    columns,
    group,
    ...(baseline ? { baseline: { type: "LineString", coordinates: baseline } } : {}),
    versions: { [area.code]: area.version },
  }),

  /** @param {object} answer of a preview @returns {{units: object[], stalls: number, least: number | null, most: number | null}} */
  figures(answer) {
    const units = answer.changed.filter((one) => !one.retired && one.geometry);
    const homes = units.map((one) => one.after?.households ?? null).filter((one) => one !== null);
    const stalls = answer.findings.filter((one) => one.kind === "stalls").reduce((sum, one) => sum + Number(one.code) * one.count, 0);
    return { units, stalls, least: homes.length ? Math.min(...homes) : null, most: homes.length ? Math.max(...homes) : null };
  },

  /** Units as a chequer: neighbours never look the same. @param {object} unit named row-column @returns {"a" | "b"} */
  side({ name }) {
    const [row, column] = (name.match(/\d+/g) ?? [0, 0]).map(Number);
    return (row + column) % 2 ? "b" : "a";
  },
};
