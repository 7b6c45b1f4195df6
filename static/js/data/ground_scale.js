// How much ground a pixel of the map shows. Imports nothing.

const A = 6378137,
  E2 = (1 / 298.257222101) * (2 - 1 / 298.257222101);

/**
 * East to west, on the ellipsoid: the map is a sphere's Mercator of radius A, the ground at a latitude is the circle of
 * radius N cos(lat).
 * @param {number} lat degrees
 * @param {number} zoom of a map whose world is 512 pixels wide at zoom 0
 * @returns {number} metres of ground under one CSS pixel
 */
export function groundPerPixel(lat, zoom) {
  const phi = (lat * Math.PI) / 180;
  const radius = (A / Math.sqrt(1 - E2 * Math.sin(phi) ** 2)) * Math.cos(phi);
  return (2 * Math.PI * radius) / (512 * 2 ** zoom);
}
