// The tip beside the pointer: at most three lines, never under the pointer, never outside the map.
import { el } from "./dom.js";
import { room } from "./room.js";

const GAP_PX = 18,
  CLEAR_PX = 6,
  { EDGE_PX } = room;
const host = document.getElementById("map");
const box = el("div", { class: "ctip", hidden: true });
host.append(box);
let at = { x: 0, y: 0 };

let spared = () => [],
  ground = null,
  told = null; // the place of the map it belongs to

/** The corner of the map that can be seen. */
function free() {
  const map = host.getBoundingClientRect(),
    { right, bottom } = room.covered();
  const bar = host.querySelector(".fingers:not([hidden])")?.getBoundingClientRect();
  const below = bar && bar.top > map.top + map.height / 2;
  return { width: map.width - right, height: below ? bar.top - map.top : map.height - bottom };
}

function place() {
  const { width, height } = box.getBoundingClientRect(),
    limit = free();
  const beyond = (from, size, most) => from + GAP_PX + size > most - EDGE_PX;
  const after = (from) => from + GAP_PX;
  const before = (from, size, most) => Math.min(from - GAP_PX, most - EDGE_PX) - size;
  const put = (from, size, most, turned) =>
    Math.max(EDGE_PX, Math.round(turned !== beyond(from, size, most) ? before(from, size, most) : after(from)));
  const points = spared();
  const within = (value, from, size) => value > from - CLEAR_PX && value < from + size + CLEAR_PX;
  const hides = ([x, y]) => points.filter((p) => within(p.x, x, width) && within(p.y, y, height)).length;
  const places = [[false, false], [true, false], [false, true], [true, true]]
    .map(([turnX, turnY]) => [put(at.x, width, limit.width, turnX), put(at.y, height, limit.height, turnY)])
    .filter(([x, y], i) => !i || (x + width <= limit.width && y + height <= limit.height));
  const [x, y] = places.reduce((best, one) => (hides(one) < hides(best) ? one : best));
  box.style.transform = `translate(${x}px, ${y}px)`;
}

export const tip = {
  /**
   * @param {import("maplibre-gl").Map} gl
   * @param {() => Array<{x: number, y: number}>} points of the map that it keeps clear of where it can
   */
  over(gl, points) {
    ground = gl;
    spared = points;
  },
  /** The map has moved: it goes along. */
  along() {
    if (box.hidden || !told) return;
    at = ground.project(told);
    place();
  },
  /** @param {{x: number, y: number}} point pixel of the map */
  move(point) {
    at = point;
    told = ground?.unproject([point.x, point.y]);
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
