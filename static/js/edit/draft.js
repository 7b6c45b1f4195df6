// What is being drawn: points put down, and the point under the pointer. `via` of a point: the places a traced line goes through
// on its way from the point before.

const SAME_PX = 4;
const near = (one, other) => Math.hypot(one.point.x - other.point.x, one.point.y - other.point.y) < SAME_PX;

/** Owns the drawing. Verbs: put, back, close, clear, line. */
export class Draft {
  /** @type {Array<{place: [number, number], point: {x: number, y: number}, kind: string | null, via?: Array<[number, number]>}>} */
  points = [];
  /** @type {{place: [number, number], point: {x: number, y: number}, kind: string | null} | null} */
  hover = null;
  /** the drawing is complete as it stands: the pointer no longer pulls at it */
  closed = false;
  /** a closed ring's way from its last point to its first, where that follows a line */
  end = [];

  /** @returns {boolean} false when the point is the last one again (the second half of a double click) */
  put(stop) {
    const last = this.points.at(-1);
    if (last && near(last, stop)) return false;
    this.points.push(stop);
    this.closed = false;
    this.end = [];
    return true;
  }

  /** Takes the last point back. @returns {boolean} */
  back() {
    this.closed = false;
    this.end = [];
    return Boolean(this.points.pop());
  }

  clear() {
    this.points = [];
    this.hover = null;
    this.closed = false;
    this.end = [];
  }

  /** Ends the drawing as it is shown: the point under the pointer becomes the last one. */
  close() {
    this.points = [...this.stops()];
    this.closed = true;
  }

  get empty() {
    return this.points.length === 0;
  }

  /** Points put down and, while the drawing is open, the one under the pointer. */
  stops() {
    const last = this.points.at(-1);
    const pulls = !this.closed && this.hover && last && !near(this.hover, last); // a hand that trembles adds nothing
    return pulls ? [...this.points, this.hover] : this.points;
  }

  /** @returns {Array<[number, number]>} with all that was traced */
  line() {
    return [...this.stops().flatMap((stop, i) => (i ? [...(stop.via ?? []), stop.place] : [stop.place])), ...this.end];
  }

  /** The stretch that is being drawn. @returns {Array<[number, number]>} */
  leg() {
    const [from, to] = this.stops().slice(-2);
    return to ? [from.place, ...(to.via ?? []), to.place] : [];
  }

  /** Whether part of it follows a border or a road. */
  get traced() {
    return this.end.length > 0 || this.stops().some((stop, i) => i > 0 && stop.via?.length);
  }
}
