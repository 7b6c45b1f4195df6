// Lengths and areas on the ellipsoid of CGCS2000, in metres; coordinates (lon, lat) in degrees.

const A = 6378137,
  F = 1 / 298.257222101,
  B = A * (1 - F),
  E2 = F * (2 - F),
  E = Math.sqrt(E2);
const RAD = Math.PI / 180;

/** Length of one stretch by the inverse problem of Vincenty; below a millimetre of error at the size of a city. */
function stretch([lon1, lat1], [lon2, lat2]) {
  const U1 = Math.atan((1 - F) * Math.tan(lat1 * RAD)),
    U2 = Math.atan((1 - F) * Math.tan(lat2 * RAD));
  const L = (lon2 - lon1) * RAD;
  const [sinU1, cosU1, sinU2, cosU2] = [Math.sin(U1), Math.cos(U1), Math.sin(U2), Math.cos(U2)];
  let lambda = L,
    before,
    sinS,
    cosS,
    sigma,
    cos2A,
    cos2M,
    rounds = 0;
  do {
    const sinL = Math.sin(lambda),
      cosL = Math.cos(lambda);
    sinS = Math.hypot(cosU2 * sinL, cosU1 * sinU2 - sinU1 * cosU2 * cosL);
    if (sinS === 0) return 0;
    cosS = sinU1 * sinU2 + cosU1 * cosU2 * cosL;
    sigma = Math.atan2(sinS, cosS);
    const sinA = (cosU1 * cosU2 * sinL) / sinS;
    cos2A = 1 - sinA * sinA;
    cos2M = cos2A === 0 ? 0 : cosS - (2 * sinU1 * sinU2) / cos2A;
    const C = (F / 16) * cos2A * (4 + F * (4 - 3 * cos2A));
    before = lambda;
    lambda = L + (1 - C) * F * sinA * (sigma + C * sinS * (cos2M + C * cosS * (-1 + 2 * cos2M * cos2M)));
  } while (Math.abs(lambda - before) > 1e-12 && ++rounds < 50);
  const u2 = (cos2A * (A * A - B * B)) / (B * B);
  const k1 = 1 + (u2 / 16384) * (4096 + u2 * (-768 + u2 * (320 - 175 * u2)));
  const k2 = (u2 / 1024) * (256 + u2 * (-128 + u2 * (74 - 47 * u2)));
  const turn =
    k2 *
    sinS *
    (cos2M +
      (k2 / 4) * (cosS * (-1 + 2 * cos2M ** 2) - (k2 / 6) * cos2M * (-3 + 4 * sinS ** 2) * (-3 + 4 * cos2M ** 2)));
  return B * k1 * (sigma - turn);
}

/** y of the equal-area cylinder of the ellipsoid: areas measured there are areas on the ground. */
function equalAreaY(lat) {
  const s = Math.sin(lat * RAD);
  return ((B * B) / 2) * (s / (1 - E2 * s * s) + Math.log((1 + E * s) / (1 - E * s)) / (2 * E));
}

export const geodesy = {
  /** @param {Array<[number, number]>} line @returns {number} metres */
  length: (line) => line.slice(1).reduce((sum, point, i) => sum + stretch(line[i], point), 0),
  /** @param {Array<[number, number]>} ring open or closed @returns {number} square metres */
  area(ring) {
    const [lon0, lat0] = ring[0],
      y0 = equalAreaY(lat0);
    const flat = ring.map(([lon, lat]) => [(lon - lon0) * RAD, equalAreaY(lat) - y0]);
    let twice = 0;
    for (let i = 0; i < flat.length; i++) {
      const [x1, y1] = flat[i],
        [x2, y2] = flat[(i + 1) % flat.length];
      twice += x1 * y2 - x2 * y1;
    }
    return Math.abs(twice) / 2;
  },
};
