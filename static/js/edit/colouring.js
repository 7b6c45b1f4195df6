// Which fill each of several areas gets, so that no two with a common border look the same.

/** Stretches of border of a geometry, each named alike from both sides. */
function* stretches({ type, coordinates }) {
  for (const ring of (type === "Polygon" ? [coordinates] : coordinates).flat())
    for (let k = 1; k < ring.length; k++) {
      const [a, b] = [String(ring[k - 1]), String(ring[k])];
      yield a < b ? `${a} ${b}` : `${b} ${a}`;
    }
}

/** @param {object[]} geometries @returns {Array<Set<number>>} for each the others it has a stretch of border in common with */
function neighbours(geometries) {
  const owners = new Map(),
    near = geometries.map(() => new Set());
  geometries.forEach((geometry, k) => {
    for (const stretch of stretches(geometry)) {
      for (const other of owners.get(stretch) ?? []) if (other !== k) near[k].add(other), near[other].add(k);
      owners.set(stretch, [...(owners.get(stretch) ?? []), k]);
    }
  });
  return near;
}

/**
 * Numbers from 0, few of them, never the same for neighbours: the one with fewest neighbours is set aside until none is
 * left, then all are numbered the other way round. On a map that never takes more than six.
 * @param {object[]} geometries Polygons and MultiPolygons that share the vertices of their borders
 * @returns {number[]}
 */
export function colouring(geometries) {
  const near = neighbours(geometries),
    left = near.map((others) => others.size),
    order = [],
    rest = new Set(geometries.keys());
  while (rest.size) {
    const next = [...rest].reduce((best, k) => (left[k] < left[best] ? k : best));
    rest.delete(next);
    order.unshift(next);
    for (const other of near[next]) left[other]--;
  }
  const number = [];
  for (const k of order) {
    const taken = new Set([...near[k]].map((other) => number[other]));
    number[k] = 0;
    while (taken.has(number[k])) number[k]++;
  }
  return number;
}
