// Vertices of borders: which there are near the pointer, whose they are, and what is asked of the server for each change.

const MOST = 600; // handles drawn at once

const key = ([lon, lat]) => `${lon} ${lat}`;

export const vertex = {
  /**
   * @param {object} area as edit/coverage.js holds it
   * @param {object[]} areas all leaves in view
   * @returns {Array<{place: [number, number], kind: "vertex" | "mid" | "fixed", shared: object[]}>} vertices in the order of the
   *   rings, each followed by the middle of the stretch after it; `fixed`: it lies on the border of the area above
   */
  handles(area, areas) {
    const [w, s, e, n] = area.bounds;
    const near = areas.filter(({ bounds: b }) => b[0] <= e && b[2] >= w && b[1] <= n && b[3] >= s);
    const owners = new Map();
    for (const one of near)
      for (const rings of one.polygons)
        for (const ring of rings)
          for (const place of ring) {
            const at = key(place);
            if (!owners.has(at)) owners.set(at, new Set());
            owners.get(at).add(one);
          }
    const found = [];
    for (const rings of area.polygons)
      for (const ring of rings)
        for (let i = 0; i + 1 < ring.length && found.length < MOST; i++) {
          const shared = [...owners.get(key(ring[i]))];
          const fixed = shared.length < 2 || shared.some((one) => one.parent !== area.parent || one.locked);
          found.push({ place: ring[i], kind: fixed ? "fixed" : "vertex", shared });
          const middle = [(ring[i][0] + ring[i + 1][0]) / 2, (ring[i][1] + ring[i + 1][1]) / 2];
          found.push({ place: middle, kind: "mid", shared: [area] });
        }
    return found;
  },

  /** The stretches that meet at a vertex, with their other ends. @returns {Array<[number, number]>} */
  arms(place, shared) {
    const found = new Map();
    for (const { polygons } of shared)
      for (const rings of polygons)
        for (const ring of rings)
          for (let i = 0; i + 1 < ring.length; i++) {
            if (key(ring[i]) === key(place)) found.set(key(ring[i + 1]), ring[i + 1]);
            if (key(ring[i + 1]) === key(place)) found.set(key(ring[i]), ring[i]);
          }
    return [...found.values()];
  },

  /** @returns {object} the form of POST /api/edits */
  move: (at, to) => ({ op: "move_vertex", at, to }),
  insert: (at, area) => ({ op: "insert_vertex", at, targets: [area.code] }),
  remove: (at) => ({ op: "delete_vertex", at }),
};
