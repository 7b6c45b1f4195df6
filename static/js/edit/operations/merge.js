// Merge: the form for the areas picked and the code that stays.

export const merge = {
  /**
   * @param {object[]} areas
   * @param {string} keep code that stays
   * @param {boolean} [parts] what comes out may have several parts
   * @returns {object} the form of POST /api/edits
   */
  form: (areas, keep, parts = false) => ({
    op: "merge",
    ...(parts ? { allow_parts: true } : {}),
    targets: areas.map((area) => area.code),
    keep,
    versions: Object.fromEntries(areas.map((area) => [area.code, area.version])),
  }),

  /** The largest by households keeps its code, unless a person says otherwise; ground nobody was given yet does not.
   * @param {object[]} areas */
  keeper: (areas) => {
    const weight = (area) => (area.assigned === false ? 0 : 1e9) + (area.households ?? -1);
    return areas.reduce((best, area) => (!best || weight(area) > weight(best) ? area : best), null)?.code ?? null;
  },
};
