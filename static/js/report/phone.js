// One grid worker's phone: places, marks, reports on their way. A tap shows at once; only what the phone has written is counted
// as being on it.
import { boot } from "../data/boot.js";
import { page } from "../data/page.js";
import { line } from "./line.js";
import { baseOf, PEOPLE, placesOf, valuesOf } from "./places.js";
import { store } from "./store.js";

const GATHER_MS = 1200, // after the last tap so long, and after the first at most
  GATHER_MOST_MS = 2000,
  PAST = 30, // marks of a place that can be taken back
  DAY_MS = 24 * 3600_000,
  LOOK_FIRST_MS = 1500, // before a request is counted: how long the server may take to say how many there are
  OPEN = "open_requests";
const pause = (ms) =>
  new Promise((resolve) => {
    setTimeout(() => resolve(null), ms);
  });

/** A name nobody else gives: also where the page came by plain http, and browsers lend no randomUUID. */
function freshId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const text = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join("-");
}

/** Owns what the phone knows; tells by `page.turn`. Public: start, take, mark, count, undo, note, ask, checkIn, update, drop. */
class Phone {
  account = boot.account.name;
  /** @type {object | null} the last answer of GET /api/report/work */
  work = null;
  /** @type {Map<string, object>} reports by offline_id */
  items = new Map();
  /** @type {Map<string, object>} marks by place */
  marks = new Map();
  received = 0;
  /** set by the sender: something may be ready to go */
  wake = () => {};

  async start() {
    const { items, marks, kept } = await store.load(this.account);
    this.items = new Map(items.map((item) => [item.id, item]));
    this.marks = new Map(marks.map((record) => [record.key, record]));
    this.work = kept?.work ?? null;
    this.received = kept?.round === this.round ? (kept?.received ?? 0) : 0;
    this.changed();
  }

  changed() {
    page.set({ turn: (page.turn ?? 0) + 1 });
  }

  // ---- places ----------------------------------------------------------------------------------------------------
  get round() {
    return this.work?.round?.id ?? null;
  }

  get areas() {
    return this.work?.areas ?? [];
  }

  /** @param {string} code */
  places(code) {
    const area = this.areas.find((one) => one.code === code);
    return area?.buildings ? placesOf(area) : [];
  }

  /** The marks made at a place in this round. */
  record(key) {
    const found = this.marks.get(key);
    return found && this.#current(found) ? found : undefined;
  }

  /** Of this round; or made before any round was known, which then is this one. */
  #current = (record) => record.round === this.round || record.round === null;

  /** What the server knows now. */
  async take(work) {
    const before = this.round,
      known = new Map(this.areas.map((area) => [area.code, area]));
    // of an account with many areas only those that were asked for are told with their buildings
    const areas = work.areas.map((area) => (area.buildings ? area : { ...area, buildings: known.get(area.code)?.buildings ?? null }));
    this.work = { ...work, areas };
    if (before !== null && before !== this.round) this.received = 0;
    if (before === null && this.round !== null) {
      await store.adopt(this.account, this.round);
      for (const record of this.marks.values()) record.round ??= this.round;
    }
    await store.keep(this.account, { work: this.work, round: this.round, received: this.received });
    this.changed();
  }

  /** One area with its buildings, asked for by itself. */
  async takeArea(area) {
    this.work = { ...this.work, areas: this.areas.map((one) => (one.code === area.code ? area : one)) };
    await store.keep(this.account, { work: this.work });
    this.changed();
  }

  // ---- reports ---------------------------------------------------------------------------------------------------
  /** Reports the server has not got, oldest first. */
  get waiting() {
    return [...this.items.values()].filter((item) => item.state === "phone" || item.state === "sent").sort((one, other) => one.made - other.made);
  }

  get refused() {
    return [...this.items.values()].filter((item) => item.state === "refused");
  }

  /** Waiting for longer than a day. */
  get overdue() {
    return this.waiting.filter((item) => Date.now() - item.made > DAY_MS);
  }

  /** The newest report of a place, else undefined. */
  latest(key) {
    let found;
    for (const item of this.items.values()) if (item.key === key && (!found || item.made >= found.made)) found = item;
    return found;
  }

  /** Sets or clears the mark of a door: {state, kind?, people?, note?} or null. */
  mark(place, door, mark) {
    return this.#change(place, (record) => {
      const before = record.doors[door] ?? null;
      const doors = { ...record.doors, [door]: mark };
      if (!mark) delete doors[door];
      return { ...record, doors, past: [...record.past, { door, before, at: Date.now() }].slice(-PAST) };
    });
  }

  /** Sets the numbers of a place without doors. */
  count(place, numbers) {
    return this.#change(place, (record) => ({
      ...record,
      numbers,
      past: [...record.past, { numbers: record.numbers ?? null, at: Date.now() }].slice(-PAST),
    }));
  }

  /** Counts a place from nothing: what the server knew of it before holds no more. */
  restart(place) {
    return this.#change(place, (record) => ({ ...record, base: null, past: [...record.past, { base: record.base, at: Date.now() }].slice(-PAST) }));
  }

  /** The last change and its place, else null. */
  get last() {
    let found = null;
    for (const area of this.areas)
      for (const place of this.places(area.code)) {
        const step = this.record(place.key)?.past.at(-1);
        if (step && (!found || step.at > found.step.at)) found = { place, step };
      }
    return found;
  }

  /** Takes the last change back. @returns {object | null} its place and door */
  undo() {
    const { last } = this;
    if (!last) return null;
    this.#change(last.place, (record) => {
      const step = record.past.at(-1);
      if (!step) return record;
      const past = record.past.slice(0, -1);
      if ("numbers" in step) return { ...record, past, numbers: step.numbers };
      if ("base" in step) return { ...record, past, base: step.base };
      const doors = { ...record.doors, [step.door]: step.before };
      if (!step.before) delete doors[step.door];
      return { ...record, past, doors };
    }).catch(() => {});
    return { place: last.place, door: last.step.door };
  }

  /** Changes the marks of a place at once, and on the phone in the order of the taps. A tap that cannot be kept is not shown. */
  async #change(place, act) {
    const fresh = () => ({ round: this.round, base: baseOf(place), doors: {}, numbers: null, past: [], last: 0 });
    const shown = this.record(place.key) ?? fresh();
    this.marks.set(place.key, { ...act(shown), key: place.key });
    this.#writing += 1;
    this.changed();
    try {
      const next = await store.change(this.account, place.key, (known, open) => {
        const record = known && this.#current(known) ? known : fresh();
        const after = act(record);
        const values = valuesOf(place, after);
        if (JSON.stringify(values) === JSON.stringify(valuesOf(place, record))) return { record: after };
        const at = Math.max(line.now(), (known?.last ?? 0) + 1);
        const item = this.#gathered(open, place, values, at);
        return { record: { ...after, last: at, gathering: item.id, told: after.told || typeof values[PEOPLE] === "number" }, item };
      });
      this.#written.set(place.key, { ...next.record, key: place.key });
      if (next.item) this.#added(next.item);
    } catch (error) {
      this.#written.set(place.key, shown.key ? shown : null);
      page.set({ broken: true });
      throw error;
    } finally {
      this.#writing -= 1;
      if (!this.#writing) this.#settle();
      this.changed();
    }
  }

  #writing = 0;
  #written = new Map();

  /** Nothing is being written any more: what is shown is what was written. */
  #settle() {
    for (const [key, record] of this.#written) {
      if (record) this.marks.set(key, record);
      else this.marks.delete(key);
    }
    this.#written.clear();
  }

  /** The report that is being gathered with these values, or a new one. */
  #gathered(open, place, values, at) {
    const now = Date.now();
    const iso = new Date(at).toISOString();
    if (open && open.state === "phone" && !open.sealed && now - open.made < GATHER_MOST_MS)
      return { ...open, ready: Math.min(now + GATHER_MS, open.made + GATHER_MOST_MS), body: { ...open.body, at: iso, values } };
    return this.#fresh("report", place, { ...place.ref, at: iso, values });
  }

  #fresh(kind, place, body) {
    const id = freshId(),
      now = Date.now();
    const sent = kind === "report" ? { ...body, offline_id: id, ...(this.round ? { round: this.round } : {}) } : body;
    return { id, kind, key: place.key, name: place.name, body: sent, made: now, ready: now + GATHER_MS, state: "phone", sealed: false, tries: 0 };
  }

  #added(item) {
    this.items.set(item.id, { ...item, account: this.account });
    this.wake();
  }

  /**
   * Something urgent: one more open request of an area, and of its reason; or, with the id of an earlier one, one less.
   * @param {object} area @param {string} reason @param {string} [settles]
   */
  async urgent(area, reason, settles) {
    const key = `urgent:${area.code}`;
    const step = settles ? -1 : 1;
    const metrics = reason === "other" ? [OPEN] : [OPEN, reason];
    const known = await Promise.race([line.get(`${boot.urls.report_work}?area=${encodeURIComponent(area.code)}`).catch(() => null), pause(LOOK_FIRST_MS)]);
    const fresh = known?.areas.find((one) => one.code === area.code) ?? area;
    const next = await store.change(this.account, key, (kept) => {
      const record = kept && this.#current(kept) ? kept : { round: this.round, counts: {}, last: 0, doors: {}, past: [] };
      const at = Math.max(line.now(), record.last + 1);
      // Others count the same requests: what the server says is added to, unless own reports are still on their way.
      const waiting = this.waiting.some((item) => item.key === key);
      const counts = { ...record.counts };
      for (const metric of metrics) {
        const now = waiting && counts[metric] !== undefined ? counts[metric] : (fresh.values?.[metric] ?? counts[metric] ?? 0);
        counts[metric] = Math.max(0, now + step);
      }
      const body = { area: area.code, version: area.version, at: new Date(at).toISOString(), values: Object.fromEntries(metrics.map((metric) => [metric, counts[metric]])) };
      const item = { ...this.#fresh("report", { key, name: area.name }, body), reason, step, settles, ready: Date.now(), sealed: true };
      return { record: { ...record, counts, last: at }, item };
    });
    this.#added(next.item);
    this.changed();
  }

  /** How many stand at a post now. */
  async checkIn(post, present, what) {
    const at = line.now();
    const item = {
      ...this.#fresh("presence", { key: `post:${post.id}`, name: post.name }, { present, at: new Date(at).toISOString() }),
      post: post.id,
      what,
      ready: Date.now(),
      sealed: true,
    };
    await store.put([{ ...item, account: this.account }]);
    this.#added(item);
    this.changed();
  }

  // ---- for the sender ----------------------------------------------------------------------------------------------
  /** Keeps what became of reports. @param {object[]} items */
  async update(items) {
    const got = items.filter((item) => item.state === "received" && this.items.get(item.id)?.state !== "received").length;
    await store.put(items);
    for (const item of items) this.items.set(item.id, item);
    if (got) {
      this.received += got;
      await store.keep(this.account, { round: this.round, received: this.received });
    }
    this.changed();
  }

  /** A refused report is sent once more, or given up. */
  async again(item) {
    await this.update([{ ...item, state: "phone", sealed: true, code: null, text: null, ready: Date.now() }]);
    this.wake();
  }

  async drop(item) {
    await store.drop(item.id);
    this.items.delete(item.id);
    this.changed();
  }
}

export const phone = new Phone();
