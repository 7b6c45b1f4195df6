// What somebody else changed lights up for a moment where it is; for those who want no motion nothing moves.
const LASTS_MS = 1600,
  MOST = 200;
const until = new Map();

/**
 * @param {import("./canvas.js").Canvas} canvas
 * @param {number[]} fids of the areas
 */
export function flash({ gl }, fids) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches || fids.length > MOST) return;
  const set = (fid, on) => gl.setFeatureState({ source: "areas", sourceLayer: "areas", id: fid }, { flash: on });
  for (const fid of fids) {
    clearTimeout(until.get(fid));
    set(fid, true);
    until.set(
      fid,
      setTimeout(() => {
        until.delete(fid);
        set(fid, false);
      }, LASTS_MS),
    );
  }
}
