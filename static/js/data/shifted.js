// GCJ-02 and BD-09, the shifted datums of Chinese web maps, as geodata/gcj02.py has them: only to be read and told,
// nothing is kept in them. Imports nothing.

const A = 6378245,
  EE = 0.006693421622965943; // Krasovsky 1940
const RAD = Math.PI / 180;
const BD = (Math.PI * 3000) / 180;

const wave = (size, times, value) => size * Math.sin(times * value * Math.PI);
const inside = (lon, lat) => lon > 72.004 && lon < 137.8347 && lat > 0.8293 && lat < 55.8271;

/** @param {number} lon @param {number} lat degrees @returns {[number, number]} the same place in GCJ-02 */
export function gcj02(lon, lat) {
  if (!inside(lon, lat)) return [lon, lat];
  const x = lon - 105,
    y = lat - 35;
  const both = ((wave(20, 6, x) + wave(20, 2, x)) * 2) / 3;
  const northward =
    -100 +
    2 * x +
    3 * y +
    0.2 * y * y +
    0.1 * x * y +
    0.2 * Math.sqrt(Math.abs(x)) +
    both +
    ((wave(20, 1, y) + wave(40, 1 / 3, y)) * 2) / 3 +
    ((wave(160, 1 / 12, y) + wave(320, 1 / 30, y)) * 2) / 3;
  const eastward =
    300 +
    x +
    2 * y +
    0.1 * x * x +
    0.1 * x * y +
    0.1 * Math.sqrt(Math.abs(x)) +
    both +
    ((wave(20, 1, x) + wave(40, 1 / 3, x)) * 2) / 3 +
    ((wave(150, 1 / 12, x) + wave(300, 1 / 30, x)) * 2) / 3;
  const magic = 1 - EE * Math.sin(lat * RAD) ** 2;
  return [
    lon + eastward / ((A / Math.sqrt(magic)) * Math.cos(lat * RAD)) / RAD,
    lat + northward / ((A * (1 - EE)) / (magic * Math.sqrt(magic))) / RAD,
  ];
}

/** @param {number} lon @param {number} lat degrees @returns {[number, number]} the same place in BD-09 */
export function bd09(lon, lat) {
  const [x, y] = gcj02(lon, lat);
  const radius = Math.hypot(x, y) + 2e-5 * Math.sin(y * BD),
    angle = Math.atan2(y, x) + 3e-6 * Math.cos(x * BD);
  return [radius * Math.cos(angle) + 0.0065, radius * Math.sin(angle) + 0.006];
}
