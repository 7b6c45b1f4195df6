// Divide: what is asked of the server, and how a proposal is put in figures.

export const divide = {
  /** Three proposals: short borders, along roads, even numbers. */
  SEEDS: [0, 1, 2],

  /**
   * @param {object[]} areas as the API shows them
   * @param {{way: "parts" | "workers" | "norm", parts: number, min: number, max: number, tolerance: number}} wish
   * @param {number} seed of the proposal
   * @returns {object} the form of POST /api/edits
   */
  form: (areas, wish, seed) => ({
    op: "divide",
    targets: areas.map((area) => area.code),
    ...(wish.way === "norm" ? { norm: { min: wish.min, max: wish.max } } : { parts: wish.parts }),
    tolerance: wish.tolerance,
    seed,
    versions: Object.fromEntries(areas.filter((area) => area.leaf).map((area) => [area.code, area.version])),
  }),

  /** What keeps the wish from being asked, as the key of a sentence; null when it can be asked. */
  missing: (areas, wish) => {
    if (!areas.length) return "divide.pick";
    if (wish.way === "norm") return wish.max > 0 && wish.min >= 0 && wish.min <= wish.max ? null : "divide.bad-norm";
    const whole = Number.isInteger(wish.parts) && wish.parts >= 1 && wish.parts <= 1000;
    return whole && (wish.parts > 1 || areas.length > 1) ? null : "divide.bad-parts";
  },

  /** Households of all areas, people on their rosters and the norm they share. @param {object[]} areas */
  known: (areas) => ({
    households: areas.reduce((sum, area) => sum + (area.households ?? 0), 0),
    workers: areas.some((area) => area.staff?.have != null) ? areas.reduce((sum, area) => sum + (area.staff?.have ?? 0), 0) : null,
    norm: areas.find((area) => area.leaf && area.norm?.max)?.norm ?? null,
  }),

  /** What each proposal is the best at, once all have answered: keys of words. @param {Array<{figures?: object}>} proposals */
  merits(proposals) {
    const told = proposals.map((one) => one?.figures),
      found = proposals.map(() => []);
    if (!told.every(Boolean)) return found;
    const best = (word, worth) => {
      const worths = told.map(worth);
      if (worths.every(Number.isFinite)) found[worths.indexOf(Math.max(...worths))].push(word);
    };
    best("divide.shortest", (one) => -one.border_m);
    best("divide.most-along", (one) => one.along ?? NaN);
    best("divide.evenest", (one) => (one.off === null ? NaN : -one.off));
    return found;
  },

  /** @param {object} answer of a preview @returns {object} the areas after it, and what sets it apart from other proposals */
  figures(answer) {
    const areas = answer.changed.filter((one) => !one.retired && one.leaf !== false && one.geometry);
    const homes = areas.map((one) => one.after?.households ?? null);
    const counted = homes.every((one) => one !== null);
    const mean = counted ? homes.reduce((sum, one) => sum + one, 0) / homes.length : null;
    const verdicts = areas.map((one) => one.after?.norm?.verdict).filter((one) => one && one !== "none");
    const finding = (kind) => answer.findings.find((one) => one.kind === kind);
    return {
      areas,
      least: counted ? Math.min(...homes) : null,
      most: counted ? Math.max(...homes) : null,
      off: mean ? Math.round(100 * Math.max(...homes.map((one) => Math.abs(one / mean - 1)))) : null,
      inNorm: verdicts.length ? verdicts.filter((one) => one === "in").length : null,
      border_m: answer.line_m,
      along: finding("along-roads")?.count ?? null,
      cut: Number(finding("building-cut")?.code ?? 0),
    };
  },
};
