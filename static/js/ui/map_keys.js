// What floats at the lower right of the map: scale bar, + and −, layers.
import { boot } from "../data/boot.js";
import { groundPerPixel } from "../data/ground_scale.js";
import { t } from "../data/i18n.js";
import { page } from "../data/page.js";
import { el } from "./dom.js";
import { groundMenu } from "./ground_menu.js";
import { icon } from "./icon.js";
import { popover } from "./popover.js";

const WIDEST_PX = 110;
const LAYERS = ["zones", "posts", "buildings", "estates", "roads", "water", "barriers", "gates", "places"];
const ROUND = [1, 2, 5];

/** The longest round length of at most WIDEST_PX pixels. */
function roundLength(metresPerPixel) {
  let best = 1;
  for (let size = 1; size < 1e7; size *= 10)
    for (const n of ROUND) if ((n * size) / metresPerPixel <= WIDEST_PX) best = n * size;
  return best;
}

function scaleBar(gl) {
  const text = el("span", { class: "t1" }),
    bar = el("svg", { viewBox: "0 0 100 7", "aria-hidden": "true" });
  const draw = () => {
    const perPixel = groundPerPixel(gl.getCenter().lat, gl.getZoom());
    const length = roundLength(perPixel),
      width = Math.round(length / perPixel);
    text.textContent = length < 1000 ? `${length} m` : `${length / 1000} km`;
    bar.setAttribute("viewBox", `0 0 ${width} 7`);
    bar.setAttribute("width", width);
    const path = `M1 0v6h${width - 2}v-6M${Math.round(width / 2)} 3v3`;
    bar.replaceChildren(el("path", { class: "halo", d: path }), el("path", { class: "ln", d: path }));
  };
  gl.on("move", draw);
  draw();
  return el("div", { class: "box scale" }, text, bar);
}

function layersMenu(event, ground) {
  const listed = LAYERS.filter((layer) =>
    layer === "posts" ? page.posts.length : layer === "zones" ? boot.zone_kinds.length : boot.map.has?.[layer],
  );
  popover.show(
    event.currentTarget,
    [
      ...groundMenu(ground),
      el("h4", {}, t("layers.title")),
      ...listed.map((layer) => {
        const input = el("input", {
          type: "checkbox",
          checked: !page.hidden.has(layer),
          onchange: () => {
            const hidden = new Set(page.hidden);
            if (input.checked) hidden.delete(layer);
            else hidden.add(layer);
            page.set({ hidden });
          },
        });
        return el("label", { class: "mi" }, input, t(`layer.${layer}`));
      }),
    ],
    { side: "right", label: t("layers.title") },
  );
}

/** @param {import("../map/canvas.js").Canvas} canvas @param {import("../map/ground.js").Ground} ground */
export function mapKeys({ gl }, ground) {
  const button = (name, label, onclick, more = {}) =>
    el("button", { type: "button", "aria-label": label, title: label, onclick, ...more }, icon(name, "s"));
  document.getElementById("map").append(
    scaleBar(gl),
    el(
      "div",
      { class: "box zoomer" },
      button("plus", t("map.zoom-in"), () => gl.zoomIn()),
      button("minus", t("map.zoom-out"), () => gl.zoomOut()),
      button("layers", t("layers.title"), (event) => layersMenu(event, ground), { "aria-haspopup": "menu", "aria-expanded": "false" }),
    ),
  );
}
