// What somebody else changed lights up for a moment where it is; for those who want no motion nothing moves.
const LASTS_MS = 1600,
  DRAWN_MS = 3000, // the new ground is on the screen by then
  MOST = 200;
const until = new Map();

/**
 * @param {import("./canvas.js").Canvas} canvas
 * @param {number[]} fids of the areas
 */
export function flash({ gl }, fids) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches || !fids.length || fids.length > MOST) return;
  const set = (fid, on) => gl.setFeatureState({ source: "areas", sourceLayer: "areas", id: fid }, { flash: on });
  const turn = {};
  for (const fid of fids) {
    until.set(fid, turn);
    set(fid, true);
  }
  let begun = false;
  const begin = () => {
    if (begun) return;
    begun = true;
    setTimeout(() => {
      for (const fid of fids)
        if (until.get(fid) === turn) {
          until.delete(fid);
          set(fid, false);
        }
    }, LASTS_MS);
  };
  gl.once("idle", begin); // the tiles of the new borders are there
  setTimeout(begin, DRAWN_MS);
}
