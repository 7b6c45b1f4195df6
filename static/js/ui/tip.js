// The tip beside the pointer: at most three lines, never under the pointer, never outside the map.
import { el } from "./dom.js";

const GAP_PX = 18;
const host = document.getElementById("map");
const box = el("div", { class: "ctip", hidden: true });
host.append(box);
let at = { x: 0, y: 0 };

function place() {
  const { width, height } = box.getBoundingClientRect();
  const room = host.getBoundingClientRect();
  const x = at.x + GAP_PX + width > room.width - 8 ? at.x - GAP_PX - width : at.x + GAP_PX;
  const y = at.y + GAP_PX + height > room.height - 8 ? at.y - GAP_PX - height : at.y + GAP_PX;
  box.style.transform = `translate(${Math.max(8, Math.round(x))}px, ${Math.max(8, Math.round(y))}px)`;
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
