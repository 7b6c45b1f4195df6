// On a wall everything is as large as the screen allows: the map, which counts in pixels, is drawn for the 1920 x 1080 design
// and enlarged with it, in full sharpness.
import { boot } from "../data/boot.js";

const DESIGN_PX = 16;

/** @param {import("../map/canvas.js").Canvas | null} canvas null: before the map is made */
export function fitScale(canvas) {
  if (!boot.wall) return;
  const host = document.getElementById("canvas");
  const factor = parseFloat(getComputedStyle(document.documentElement).fontSize) / DESIGN_PX;
  const side = `${100 / factor}%`;
  host.style.inset = "auto";
  host.style.width = side;
  host.style.height = side;
  host.style.transformOrigin = "0 0";
  host.style.transform = factor === 1 ? "" : `scale(${factor})`;
  canvas?.gl.setPixelRatio(devicePixelRatio * factor);
  canvas?.gl.resize();
}
