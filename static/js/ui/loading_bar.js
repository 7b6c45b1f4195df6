// A bar of two pixels under the context bar when tiles take longer than 400 ms; never a wheel over the map.
import { el } from "./dom.js";

const AFTER_MS = 400;
const host = document.getElementById("loading");

/** @param {import("../map/canvas.js").Canvas} canvas */
export function watchLoading({ gl }) {
  const bar = el("rect", { width: 30, height: 2, x: 0 });
  host.append(el("svg", { viewBox: "0 0 100 2", preserveAspectRatio: "none", "aria-hidden": "true" }, bar));
  let timer = null;
  const look = () => {
    host.hidden = gl.areTilesLoaded();
    timer = host.hidden ? null : setTimeout(look, AFTER_MS); // a map with nothing to draw may not say that it is idle
  };
  gl.on("dataloading", () => {
    timer ??= setTimeout(look, AFTER_MS);
  });
  gl.on("sourcedata", () => {
    bar.setAttribute("x", String((Number(bar.getAttribute("x")) + 7) % 100));
  });
  gl.on("idle", () => {
    clearTimeout(timer);
    timer = null;
    host.hidden = true;
  });
}
