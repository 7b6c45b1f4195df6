// The tip beside the pointer: at most three lines, never under the pointer, never outside the map.
import { el } from "./dom.js";

const GAP_PX = 18,
  EDGE_PX = 8;
const host = document.getElementById("map"),
  aside = document.getElementById("side");
const box = el("div", { class: "ctip", hidden: true });
host.append(box);
let at = { x: 0, y: 0 };

/** The part of the map that can be seen: on narrow screens the panel lies over its edge. */
function room() {
  const map = host.getBoundingClientRect(),
    panel = aside.getBoundingClientRect();
  const beside = panel.width && panel.left > map.left && panel.left < map.right && panel.top <= map.top + EDGE_PX;
  const below = panel.height && panel.top > map.top + EDGE_PX && panel.top < map.bottom;
  const bar = host.querySelector(".fingers:not([hidden])")?.getBoundingClientRect();
  if (bar && bar.top > map.top + map.height / 2) return { width: (beside ? panel.left : map.right) - map.left, height: bar.top - map.top };
  return { width: (beside ? panel.left : map.right) - map.left, height: (below ? panel.top : map.bottom) - map.top };
}

function place() {
  const { width, height } = box.getBoundingClientRect(),
    free = room();
  const x = at.x + GAP_PX + width > free.width - EDGE_PX ? Math.min(at.x - GAP_PX, free.width - EDGE_PX) - width : at.x + GAP_PX;
  const y = at.y + GAP_PX + height > free.height - EDGE_PX ? Math.min(at.y - GAP_PX, free.height - EDGE_PX) - height : at.y + GAP_PX;
  box.style.transform = `translate(${Math.max(EDGE_PX, Math.round(x))}px, ${Math.max(EDGE_PX, Math.round(y))}px)`;
}

export const tip = {
  /** @param {{x: number, y: number}} point pixel of the map */
  move(point) {
    at = point;
    if (!box.hidden) place();
  },
  /** @param {Array<Node | null>} lines @param {"" | "quiet" | "refused" | "waiting"} [mood] */
  show(lines, mood = "") {
    box.className = `ctip ${mood}`.trim();
    box.replaceChildren(...lines.filter(Boolean));
    box.hidden = false;
    place();
  },
  /** Numbers stay but turn grey until the next answer. */
  wait: () => box.classList.add("waiting"),
  hide() {
    box.hidden = true;
  },
};
