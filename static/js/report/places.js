// The places of a grid worker: stairwells, buildings without stairwells, areas without buildings; and what is known of them.

/** What each mark of a door counts for. Who needs help was met. */
export const METRICS = { done: "surveyed_households", absent: "absent_households", help: "needs_help" };
export const PEOPLE = "present";
const MOST_DOORS = 120; // more are not doors to be tapped: they are counted

/**
 * @param {object} area of GET /api/report/work
 * @returns {object[]} in the order of the list; `key` is the place's own for ever, `ref` names it in reports
 */
export function placesOf(area) {
  const found = area.buildings.flatMap((building) =>
    building.units.length
      ? building.units.map((unit) => place(`unit:${unit.id}`, { unit: unit.id }, unit, area, building.name, unit.name))
      : [place(`building:${building.id}`, { building: building.id }, building, area, building.name)],
  );
  return found.length ? found : [place(`area:${area.code}`, { area: area.code, version: area.version }, area, area, area.name)];
}

const place = (key, ref, row, area, ...names) => ({
  key,
  ref,
  names: names.filter(Boolean),
  name: names.filter(Boolean).join(" "),
  area: area.code,
  households: row.households ?? null,
  values: row.values ?? {},
  at: row.at ?? null,
});

/** Whether the place has doors to tap; else numbers are entered. */
export const hasDoors = (one) => one.households !== null && one.households > 0 && one.households <= MOST_DOORS;

/** What the server already knew when this phone made its first mark here; null when it knew nothing. */
export function baseOf(one) {
  const [done, absent, help] = Object.values(METRICS).map((metric) => one.values[metric] ?? null);
  return done === null && absent === null && help === null ? null : { done: done ?? 0, absent: absent ?? 0, help: help ?? 0 };
}

/**
 * What is known of a place: the marks of this phone on top of what the server knew before them; without marks the server's.
 * @returns {{done: number, absent: number, help: number, open: number | null, known: boolean, present: number | null, counted: number}}
 *   `known` is false where nobody was yet: not the same as 0
 */
export function sums(one, record) {
  const base = record ? record.base : baseOf(one);
  const total = one.households;
  const found = { done: base?.done ?? 0, absent: base?.absent ?? 0, help: base?.help ?? 0 };
  const doors = Object.values(record?.doors ?? {});
  let marked = 0,
    people = 0,
    counted = 0;
  for (const { state, people: there } of doors) {
    if (state) marked += 1;
    if (state === "done" || state === "help") found.done += 1;
    if (state === "help") found.help += 1;
    if (state === "absent") found.absent += 1;
    if (typeof there === "number") {
      people += there;
      counted += 1;
    }
  }
  const numbers = record?.numbers ?? null;
  if (numbers) Object.assign(found, numbers);
  if (total !== null && !numbers) {
    found.done = Math.min(found.done, total);
    found.absent = Math.min(found.absent, total - found.done);
    found.help = Math.min(found.help, found.done);
  }
  return {
    ...found,
    open: total === null ? null : Math.max(0, total - found.done - found.absent),
    known: base !== null || marked > 0 || numbers !== null,
    present: total !== null && counted === total ? people : null,
    counted,
  };
}

/** The values a report of the place carries: numbers, or null where nothing is known any more. */
export function valuesOf(one, record) {
  const now = sums(one, record);
  const values = Object.fromEntries(Object.entries(METRICS).map(([mark, metric]) => [metric, now.known ? now[mark] : null]));
  if (now.present !== null) values[PEOPLE] = now.present;
  else if (record.told) values[PEOPLE] = null; // it was told before, and is no longer known
  return values;
}

/** The next door nobody marked, from `door` on and round; null when there is none. */
export function nextOpen(one, record, door) {
  for (let step = 1; step <= one.households; step += 1) {
    const next = ((door - 1 + step) % one.households) + 1;
    if (!record?.doors?.[next]?.state) return next;
  }
  return null;
}

/** The sum over places, in households. @param {Array<[object, object | undefined]>} pairs place and record */
export function progress(pairs) {
  const all = { total: 0, done: 0, absent: 0, unknown: 0 };
  for (const [one, record] of pairs) {
    const now = sums(one, record);
    if (one.households === null) all.unknown += 1;
    all.total += one.households ?? 0;
    all.done += one.households === null ? 0 : now.done;
    all.absent += one.households === null ? 0 : now.absent;
  }
  return all;
}
