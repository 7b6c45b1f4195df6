// The way along drawn lines from one place to another: borders or roads as a graph of their vertices, the shortest way through it.
import { plane } from "./plane.js";

const key = ([lon, lat]) => `${lon} ${lat}`;

/** Smallest first. */
class Queue {
  #heap = [];

  get size() {
    return this.#heap.length;
  }

  put(cost, node) {
    const heap = this.#heap;
    let at = heap.push([cost, node]) - 1;
    while (at && heap[(at - 1) >> 1][0] > heap[at][0]) {
      const up = (at - 1) >> 1;
      [heap[up], heap[at]] = [heap[at], heap[up]];
      at = up;
    }
  }

  take() {
    const heap = this.#heap,
      first = heap[0],
      last = heap.pop();
    if (!heap.length) return first;
    heap[0] = last;
    for (let at = 0; ; ) {
      let low = 2 * at + 1;
      if (low + 1 < heap.length && heap[low + 1][0] < heap[low][0]) low++;
      if (low >= heap.length || heap[low][0] >= heap[at][0]) return first;
      [heap[low], heap[at]] = [heap[at], heap[low]];
      at = low;
    }
  }
}

/** Where the stretches ab and cd cross, as shares of each, else null. */
function crossing(a, b, c, d) {
  const [rx, ry, sx, sy] = [b[0] - a[0], b[1] - a[1], d[0] - c[0], d[1] - c[1]];
  const across = rx * sy - ry * sx;
  if (!across) return null;
  const [t, u] = [((c[0] - a[0]) * sy - (c[1] - a[1]) * sx) / across, ((c[0] - a[0]) * ry - (c[1] - a[1]) * rx) / across];
  return t > 0 && t < 1 && u > 0 && u < 1 ? [t, u] : null;
}

/** Lines cut where they cross each other: roads meet between their vertices. @param {Array<[place, place]>} stretches */
function noded(stretches) {
  const cuts = stretches.map(() => []);
  const west = stretches.map(([a, b]) => Math.min(a[0], b[0]));
  const order = stretches.map((_, i) => i).sort((i, j) => west[i] - west[j]);
  for (let i = 0; i < order.length; i++) {
    const [a, b] = stretches[order[i]],
      east = Math.max(a[0], b[0]);
    for (let j = i + 1; j < order.length; j++) {
      const [c, d] = stretches[order[j]];
      if (Math.min(c[0], d[0]) > east) break;
      const met = crossing(a, b, c, d);
      if (!met) continue;
      const place = [a[0] + (b[0] - a[0]) * met[0], a[1] + (b[1] - a[1]) * met[0]];
      cuts[order[i]].push([met[0], place]);
      cuts[order[j]].push([met[1], place]);
    }
  }
  return stretches.flatMap(([a, b], i) => {
    const places = [a, ...cuts[i].sort((one, other) => one[0] - other[0]).map(([, place]) => place), b];
    return places.slice(1).map((place, k) => [places[k], place]);
  });
}

/** Owns the graph. Verb: way. */
export class LineGraph {
  #nodes = new Map(); // "lon lat" -> {place, arms: Map of node -> metres}
  #stretches = [];

  /**
   * @param {Array<Array<[number, number]>>} lines
   * @param {{cross?: boolean}} [options] cross: lines that cross meet there, also without a common vertex
   */
  constructor(lines, { cross = false } = {}) {
    const bare = lines.flatMap((line) => line.slice(1).map((place, i) => [line[i], place]));
    const lat = bare[0]?.[0][1] ?? 0;
    this.k = plane.metres(lat);
    for (const [a, b] of cross ? noded(bare) : bare) this.#join(a, b);
  }

  #node(place) {
    const id = key(place);
    if (!this.#nodes.has(id)) this.#nodes.set(id, { place, arms: new Map() });
    return this.#nodes.get(id);
  }

  #far(a, b) {
    return Math.hypot((a[0] - b[0]) * this.k[0], (a[1] - b[1]) * this.k[1]);
  }

  #join(a, b) {
    const [one, other] = [this.#node(a), this.#node(b)];
    if (one === other || one.arms.has(other)) return; // a border is there twice, once from each side
    const far = this.#far(a, b);
    one.arms.set(other, far);
    other.arms.set(one, far);
    this.#stretches.push([one, other]);
  }

  /** The stretch nearest to a place, within `reach` metres. */
  #under(place, reach) {
    const [dx, dy] = [reach / this.k[0], reach / this.k[1]];
    let best = null,
      least = reach;
    for (const stretch of this.#stretches) {
      const [a, b] = [stretch[0].place, stretch[1].place];
      if ((a[0] < place[0] - dx && b[0] < place[0] - dx) || (a[0] > place[0] + dx && b[0] > place[0] + dx)) continue;
      if ((a[1] < place[1] - dy && b[1] < place[1] - dy) || (a[1] > place[1] + dy && b[1] > place[1] + dy)) continue;
      const { distance } = plane.nearest(place, a, b, this.k);
      if (distance < least) [best, least] = [stretch, distance];
    }
    return best;
  }

  /**
   * @param {[number, number]} from
   * @param {[number, number]} to both on a line, or within `reach` metres of one
   * @param {{reach?: number, most?: number}} [limits] `most`: metres the way may be long
   * @returns {Array<[number, number]> | null} the vertices between them, in order; null when no way leads there
   */
  way(from, to, { reach = 2, most = Infinity } = {}) {
    const [begin, end] = [this.#under(from, reach), this.#under(to, reach)];
    if (!begin || !end) return null;
    if (begin === end) return [];
    const cost = new Map(),
      back = new Map(),
      queue = new Queue();
    for (const node of begin) {
      cost.set(node, this.#far(from, node.place));
      queue.put(cost.get(node), node);
    }
    let best = most,
      last = null;
    while (queue.size) {
      const [far, node] = queue.take();
      if (far >= best) break;
      if (far > cost.get(node)) continue;
      if (end.includes(node) && far + this.#far(node.place, to) < best) [best, last] = [far + this.#far(node.place, to), node];
      for (const [next, length] of node.arms) {
        if (far + length >= (cost.get(next) ?? best)) continue;
        cost.set(next, far + length);
        back.set(next, node);
        queue.put(far + length, next);
      }
    }
    if (!last) return null;
    const way = [];
    for (let node = last; node; node = back.get(node)) way.push(node.place);
    const same = (place, other) => place[0] === other[0] && place[1] === other[1];
    return way.reverse().filter((place) => !same(place, from) && !same(place, to));
  }
}
