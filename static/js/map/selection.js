// Shows the chosen areas on the map: dark teal outline by feature-state, on every tile that holds a part of them.
import { page } from "../data/page.js";

/** @param {import("./canvas.js").Canvas} canvas */
export function watchSelection({ gl }) {
  let marked = [];
  const mark = () => {
    const fids = page.selection.map((area) => area.fid);
    const set = (fid, selected) => gl.setFeatureState({ source: "areas", sourceLayer: "areas", id: fid }, { selected });
    for (const fid of marked) if (!fids.includes(fid)) set(fid, false);
    for (const fid of fids) if (!marked.includes(fid)) set(fid, true);
    marked = fids;
  };
  page.on("selection", mark);
  mark();
}
