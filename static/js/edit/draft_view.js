// Draws a drawing: magenta line, square white vertices, a circle where it snaps, dashed tails beyond the border.

const feature = (kind, type, coordinates) => ({
  type: "Feature",
  properties: { kind },
  geometry: { type, coordinates },
});

/**
 * @param {import("./draft.js").Draft} draft
 * @param {{closed?: boolean, tails?: Array<Array<[number, number]>>, added?: Array<[number, number]>}} [more] closed:
 *   an area is drawn
 * @returns {object[]} GeoJSON features of the source `draft`
 */
export function draftFeatures(draft, { closed = false, tails = [], added = [] } = {}) {
  const line = draft.line();
  const made = [];
  if (closed && line.length > 2) made.push(feature("fill", "Polygon", [[...line, line[0]]]));
  if (line.length > 1) made.push(feature("line", "LineString", closed && line.length > 2 ? [...line, line[0]] : line));
  for (const tail of tails) made.push(feature("tail", "LineString", tail));
  for (const stop of draft.stops()) if (stop.kind) made.push(feature("snap", "Point", stop.place));
  for (const stop of draft.points) made.push(feature("vertex", "Point", stop.place));
  if (draft.hover && !draft.closed)
    made.push(feature(draft.hover.kind && draft.empty ? "snap" : "vertex", "Point", draft.hover.place));
  for (const place of added) made.push(feature("new", "Point", place));
  return made;
}
