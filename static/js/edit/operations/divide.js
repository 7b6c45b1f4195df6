// Divide: what is asked of the server, and how a proposal is put in figures.
import { colouring } from "../colouring.js";

const MOST_PARTS = 1000,
  MOST_TOLD = 3, // buildings one by one
  FEW_HOMES = 5; // buildings a part: with fewer it is chance whether they add up
const SIDES = ["a", "b", "d", "e", "c", "f"]; // fills of the map, those that are told apart best first

/** How many areas of `min` to `max` households the server would make. */
function partsFor(households, { min, max }) {
  const middle = min > 0 ? Math.sqrt(min * max) : max / 2;
  const fewest = Math.ceil(households / max - 1e-9),
    most = min > 0 ? Math.floor(households / min + 1e-9) : Infinity;
  return Math.max(1, fewest, Math.min(Math.round(households / middle), most));
}

/** The ground of areas, whatever they are called and wherever their rings begin. */
const shapes = (areas) =>
  areas
    .map(({ geometry }) => geometry.coordinates.flat(geometry.type === "Polygon" ? 1 : 2).map(String).sort().join(" "))
    .sort()
    .join(";");

const free = (areas) => areas.filter((area) => !(area.leaf && area.locked));

/** The least parts these areas can become: areas of different parents are divided each by itself. */
function fewest(areas) {
  const leaves = free(areas).filter((area) => area.leaf),
    groups = new Set(leaves.map((area) => `${area.parent} ${area.level}`)).size;
  return Math.max(2, groups + (groups === leaves.length ? 1 : 0));
}

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

  /**
   * What keeps the wish from being asked, as the key of a sentence; null when it can be asked.
   * @param {object[]} areas @param {object} wish
   * @param {number} [most] parts that can be, as far as that is known
   */
  missing(areas, wish, most = Infinity) {
    if (!areas.length) return "divide.pick";
    if (areas.every((area) => area.leaf && area.locked)) return "divide.locked";
    if (most < 2) return areas.length === 1 && areas[0].leaf ? "divide.one-building" : "divide.cannot";
    const { households } = divide.known(areas);
    if (wish.way === "norm") {
      if (!(wish.max > 0 && wish.min >= 0 && wish.min <= wish.max)) return "divide.bad-norm";
      if (!households) return "divide.uncounted";
      const parts = partsFor(households, wish);
      return parts < 2 ? "divide.one-part" : parts > most ? "divide.most" : null;
    }
    if (!(Number.isInteger(wish.parts) && wish.parts > 1 && wish.parts <= MOST_PARTS)) return "divide.bad-parts";
    return wish.parts > most ? "divide.most" : null;
  },

  /**
   * How many parts can be: what the server said, and one for each building where somebody lives; only a number that a person
   * typed is asked for beyond that, for open ground beside the houses may be a part too.
   * @param {object[]} areas @param {{way: string, asked?: boolean}} wish @param {number} [said] by the server
   */
  most(areas, wish, said = Infinity) {
    const lived = free(areas).every((area) => area.buildings > 0 && area.households > 0);
    if (!areas.length || !lived || (wish.asked && wish.way === "parts")) return said;
    return Math.min(said, free(areas).reduce((sum, area) => sum + area.buildings, 0));
  },

  /**
   * Into how many parts to begin with: near the middle of the norm, or what there is.
   * @param {object[]} areas @param {{households: number, workers: number | null, norm: object | null}} known
   * @param {"parts" | "workers"} way @param {number} [most] parts that can be
   */
  parts(areas, { households, workers, norm }, way = "parts", most = Infinity) {
    const now = areas.reduce((sum, area) => sum + (area.leaf ? 1 : (area.leaves ?? 1)), 0);
    const wished = way === "workers" ? workers : norm?.max ? partsFor(households, { min: norm.min ?? 0, max: norm.max }) : now;
    return Math.min(Math.max(fewest(areas), Math.min(wished, MOST_PARTS)), Math.max(2, most));
  },

  /** Households and buildings of all areas, whether there are any (built), people on their rosters and the norm they share. @param {object[]} areas */
  known: (areas) => ({
    households: areas.reduce((sum, area) => sum + (area.households ?? 0), 0),
    workers: areas.some((area) => area.staff?.have != null) ? areas.reduce((sum, area) => sum + (area.staff?.have ?? 0), 0) : null,
    buildings: areas.every((area) => area.buildings > 0) ? areas.reduce((sum, area) => sum + area.buildings, 0) : null,
    built: areas.some((area) => area.buildings > 0),
    norm: areas.find((area) => area.leaf && area.norm?.max)?.norm ?? null,
  }),

  /** Numbers of the proposals that are not the same as one before. @param {Array<{figures?: object}>} proposals */
  distinct(proposals) {
    const seen = new Set();
    return [...proposals.keys()].filter((seed) => {
      const ground = proposals[seed].figures?.ground;
      if (ground === undefined) return true;
      return !seen.has(ground) && seen.add(ground);
    });
  },

  /**
   * What each proposal alone is the best at, once all have answered: keys of words.
   * @param {Array<{figures?: object}>} proposals that differ
   */
  merits(proposals) {
    const told = proposals.map((one) => one?.figures),
      found = proposals.map(() => []);
    if (told.length < 2 || !told.every(Boolean)) return found;
    const best = (word, ...worths) => {
      let left = [...told.keys()];
      for (const worth of worths) {
        const least = Math.min(...left.map((k) => worth(told[k])));
        left = left.filter((k) => worth(told[k]) === least);
        if (left.length === 1) return found[left[0]].push(word);
      }
    };
    best("divide.shortest", (one) => Math.round(one.border_m));
    best("divide.most-along", (one) => (one.along === null ? NaN : -one.along));
    best("divide.evenest", (one) => one.off ?? NaN, (one) => one.most - one.least);
    return found;
  },

  /**
   * What the panel says of a proposal: the limits by their name, the reason beside what is not as asked.
   * @param {{findings: object[]}} answer of a preview @param {{way: string, tolerance: number}} wish @param {object} figures
   */
  findings({ findings }, wish, figures) {
    const p = Math.round(100 * wish.tolerance);
    const is = (kind) => findings.some((one) => one.kind === kind);
    const few = figures.homes && figures.homes < FEW_HOMES * figures.areas.length && !is("divided-by-ground");
    const why = is("building-too-heavy") ? "-heavy" : few ? "-few" : "";
    const buildings = findings.filter((one) => one.kind === "building-too-heavy"),
      kind = `building-too-heavy${wish.way === "norm" ? "" : "-mean"}`;
    const told = buildings.length > MOST_TOLD ? [{ ...buildings[0], kind: `${kind}-many`, count: buildings.length }] : buildings.map((one) => ({ ...one, kind }));
    const others = findings.filter((one) => !["along-roads", "vertices-added", "building-too-heavy"].includes(one.kind));
    return [...others.map((one) => (/^outside-(norm|tolerance)$/.test(one.kind) ? { ...one, kind: `${one.kind}${why}` } : one)), ...told].map(
      (one) => ({ ...one, p }),
    );
  },

  /** @param {object} answer of a preview @returns {object} the areas after it, and what sets it apart from other proposals */
  figures(answer) {
    const areas = answer.changed.filter((one) => !one.retired && one.leaf !== false && one.geometry);
    const homes = areas.map((one) => one.after?.households ?? null);
    const counted = homes.every((one) => one !== null);
    const mean = counted ? homes.reduce((sum, one) => sum + one, 0) / homes.length : null;
    const verdicts = areas.map((one) => one.after?.norm?.verdict).filter((one) => one && one !== "none");
    const finding = (kind) => answer.findings.find((one) => one.kind === kind);
    const number = colouring(areas.map((one) => one.geometry));
    const buildings = areas.map((one) => one.after?.buildings ?? null);
    return {
      areas,
      ground: shapes(areas),
      tints: number.map((tint) => tint % SIDES.length),
      sides: number.map((tint) => SIDES[tint % SIDES.length]),
      homes: buildings.includes(null) ? null : buildings.reduce((sum, one) => sum + one, 0),
      least: counted ? Math.min(...homes) : null,
      most: counted ? Math.max(...homes) : null,
      off: mean ? Math.round(100 * Math.max(...homes.map((one) => Math.abs(one / mean - 1)))) : null,
      inNorm: verdicts.length ? verdicts.filter((one) => one === "in").length : null,
      border_m: Math.max(0, answer.line_m),
      along: finding("along-roads")?.count ?? null,
      cut: Number(finding("building-cut")?.code ?? 0),
    };
  },
};
