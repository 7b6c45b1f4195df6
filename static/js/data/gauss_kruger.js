// Transverse Mercator of CGCS2000 (Gauss-Krüger, scale 1): the series of Krüger to the fourth order in the third
// flattening, below a millimetre of error within ten degrees of the central meridian. Imports nothing.

const A = 6378137,
  F = 1 / 298.257222101,
  E = Math.sqrt(F * (2 - F)),
  N = F / (2 - F);
const RAD = Math.PI / 180;

/** Radius of the meridian as a circle of the same length, metres. */
const RECTIFYING = (A / (1 + N)) * (1 + N ** 2 / 4 + N ** 4 / 64);
const ALPHA = [
  N / 2 - (2 / 3) * N ** 2 + (5 / 16) * N ** 3 + (41 / 180) * N ** 4,
  (13 / 48) * N ** 2 - (3 / 5) * N ** 3 + (557 / 1440) * N ** 4,
  (61 / 240) * N ** 3 - (103 / 140) * N ** 4,
  (49561 / 161280) * N ** 4,
];

/**
 * @param {number} lon degrees
 * @param {number} lat degrees
 * @param {{lon0: number, false_east: number}} zone central meridian in degrees, false easting in metres
 * @returns {[number, number]} easting and northing in metres
 */
export function gaussKruger(lon, lat, { lon0, false_east: falseEast }) {
  const phi = lat * RAD,
    lambda = (lon - lon0) * RAD;
  const sine = Math.sin(phi);
  const conformal = Math.sinh(Math.atanh(sine) - E * Math.atanh(E * sine));
  const xi = Math.atan2(conformal, Math.cos(lambda)),
    eta = Math.asinh(Math.sin(lambda) / Math.hypot(conformal, Math.cos(lambda)));
  let east = eta,
    north = xi;
  ALPHA.forEach((alpha, i) => {
    const k = 2 * (i + 1);
    east += alpha * Math.cos(k * xi) * Math.sinh(k * eta);
    north += alpha * Math.sin(k * xi) * Math.cosh(k * eta);
  });
  return [falseEast + RECTIFYING * east, RECTIFYING * north];
}
