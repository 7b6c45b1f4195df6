// What the values of a round mean: how much is done, of how much, what is needed by the hour. Nothing is guessed: without
// a number the answer is null.

const HOUR_MS = 3_600_000;
const METRICS = {
  survey: { done: "surveyed_households", due: null, absent: "absent_households", refused: "refused_households" },
  sampling: { done: "sampled", due: "to_sample" },
};
const known = (value) => (typeof value === "number" ? value : null);

/** @param {{kind?: string}} round */
export const kindOf = (round) => (round?.kind === "sampling" ? "sampling" : "survey");

/**
 * @param {{kind?: string}} round
 * @param {{values: Record<string, number|null>}} status of an area, or of all
 * @param {{households?: number|null} | null} area its figures
 * @returns {{done: number|null, due: number|null, rate: number|null, absent: number|null, refused: number|null}}
 *   a rate speaks of what was reported: silence neither lowers nor raises it
 */
export function doneOf(round, status, area) {
  const values = status?.values ?? {},
    names = METRICS[kindOf(round)];
  const done = known(values[names.done]);
  const due = names.due ? known(values[names.due]) : known(area?.households);
  const told = known(values[kindOf(round) === "sampling" ? "sample_rate" : "survey_rate"]);
  const rate = told ?? (done !== null && due ? Math.min(1, done / due) : null);
  return { done, due, rate, absent: known(values[names.absent]), refused: known(values[names.refused]) };
}

/**
 * Where the round should stand, and how fast it has to go on. Only a deadline makes a need.
 * @param {{starts_at?: string|null, due_at?: string|null}} round
 * @param {{done: number|null, due: number|null, rate: number|null}} course
 * @param {number} now milliseconds
 * @returns {{mean: number|null, needed: number|null, expected: number|null, ahead: number|null, ends: Date|null, late: boolean}}
 *   mean and needed by the hour; expected and ahead as shares
 */
export function paceOf(round, { done, due, rate }, now) {
  const start = round.starts_at ? Date.parse(round.starts_at) : null,
    end = round.due_at ? Date.parse(round.due_at) : null;
  const gone = start === null ? null : (now - start) / HOUR_MS;
  const mean = done !== null && gone > 1 / 60 ? done / gone : null;
  const left = done === null || due === null ? null : Math.max(0, due - done);
  const hours = end === null ? null : (end - now) / HOUR_MS;
  const needed = left !== null && hours > 0 ? left / hours : null;
  const expected = start === null || end === null || end <= start ? null : Math.max(0, Math.min(1, (now - start) / (end - start)));
  const ends = mean > 0 && left !== null ? new Date(now + (left / mean) * HOUR_MS) : null;
  return {
    mean,
    needed,
    expected,
    ahead: expected === null || rate === null ? null : rate - expected,
    ends,
    late: hours !== null && hours <= 0 && left !== 0,
  };
}

/**
 * How old the reports of the areas are.
 * @param {Array<{newest_at?: string|null, received?: number}>} areas
 * @param {{fresh_s: number, silent_s: number}} limits
 * @param {number} now
 * @returns {{fresh: number, ageing: number, silent: number, all: number}}
 */
export function freshness(areas, { fresh_s: fresh, silent_s: silent }, now) {
  const ages = areas.map(({ newest_at: at }) => (at ? (now - Date.parse(at)) / 1000 : Infinity));
  return {
    fresh: ages.filter((age) => age <= fresh).length,
    ageing: ages.filter((age) => age > fresh && age <= silent).length,
    silent: ages.filter((age) => age > silent).length,
    all: areas.length,
  };
}
