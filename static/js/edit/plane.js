// Small plane geometry in degrees scaled to metres around a place: enough for pointers, never for truth.

const M_PER_DEGREE = 110850;

export const plane = {
  /** @param {number} lat @returns {[number, number]} metres per degree of (lon, lat) */
  metres: (lat) => [111320 * Math.cos((lat * Math.PI) / 180), M_PER_DEGREE],

  /**
   * @param {[number, number]} p
   * @param {[number, number]} a
   * @param {[number, number]} b
   * @param {[number, number]} k metres per degree
   * @returns {{point: [number, number], distance: number, along: number}} nearest point of ab, distance in metres
   */
  nearest(p, a, b, k) {
    const dx = (b[0] - a[0]) * k[0],
      dy = (b[1] - a[1]) * k[1];
    const px = (p[0] - a[0]) * k[0],
      py = (p[1] - a[1]) * k[1];
    const square = dx * dx + dy * dy;
    const along = square === 0 ? 0 : Math.max(0, Math.min(1, (px * dx + py * dy) / square));
    return {
      point: [a[0] + (b[0] - a[0]) * along, a[1] + (b[1] - a[1]) * along],
      distance: Math.hypot(px - dx * along, py - dy * along),
      along,
    };
  },

  /** @param {[number, number]} p @param {number[][][][]} polygons coordinates of a MultiPolygon */
  inside(p, polygons) {
    let odd = false;
    for (const rings of polygons)
      for (const ring of rings) {
        for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
          const [xi, yi] = ring[i],
            [xj, yj] = ring[j];
          if (yi > p[1] !== yj > p[1] && p[0] < ((xj - xi) * (p[1] - yi)) / (yj - yi) + xi) odd = !odd;
        }
      }
    return odd;
  },

  /** @returns {boolean} whether the stretches ab and cd cross */
  crosses(a, b, c, d) {
    const turn = (p, q, r) => Math.sign((q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]));
    return turn(a, b, c) !== turn(a, b, d) && turn(c, d, a) !== turn(c, d, b);
  },

  /**
   * @param {number[][][][]} polygons
   * @returns {[number, number]} a point well inside: middle of the widest stretch on a level line of the largest part
   */
  inner(polygons) {
    const box = (ring) =>
      ring.reduce(
        (b, [x, y]) => [Math.min(b[0], x), Math.min(b[1], y), Math.max(b[2], x), Math.max(b[3], y)],
        [Infinity, Infinity, -Infinity, -Infinity],
      );
    const size = ([west, south, east, north]) => (east - west) * (north - south);
    const rings = polygons.reduce(
      (best, part) => (!best || size(box(part[0])) > size(box(best[0])) ? part : best),
      null,
    );
    const [, south, , north] = box(rings[0]);
    let widest = { width: -1, point: rings[0][0] };
    for (const share of [0.5, 0.4, 0.6, 0.3, 0.7]) {
      const y = south + (north - south) * share,
        cuts = [];
      for (const ring of rings)
        for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
          const [xi, yi] = ring[i],
            [xj, yj] = ring[j];
          if (yi > y !== yj > y) cuts.push(((xj - xi) * (y - yi)) / (yj - yi) + xi);
        }
      cuts.sort((a, b) => a - b);
      for (let i = 0; i + 1 < cuts.length; i += 2)
        if ((cuts[i + 1] - cuts[i]) * (share === 0.5 ? 1.25 : 1) > widest.width)
          widest = { width: cuts[i + 1] - cuts[i], point: [(cuts[i] + cuts[i + 1]) / 2, y] };
    }
    return widest.point;
  },
};
