// Reads what the cards show and keeps it in step with the live stream: never oftener than once a second, never in a hurry
// that the server would feel.
import { api } from "../data/api.js";
import { boot } from "../data/boot.js";
import { levels } from "../data/levels.js";
import { page } from "../data/page.js";

const REST_MS = 1000, // between two readings because of reports
  REST_TIMES = 4, // and so many times what the reading took
  ALL_MS = 300_000, // everything once more, should anything ever be missed
  MOST_LEAVES = 2000; // areas whose ages are read one by one

/** What the answer is worth: `missing` when there is no such thing, `text` when it was refused. */
const asked = (promise) =>
  promise.then(
    (data) => ({ data, at: Date.now() }),
    (error) => ({ data: null, missing: error.status === 404, text: error.text, code: error.code, at: Date.now() }),
  );

const newest = (rounds) => [...rounds].sort((a, b) => (a.starts_at < b.starts_at ? 1 : -1))[0];

/** The round of each kind that is under way: the newest one nobody closed. */
function underWay(rounds) {
  const open = rounds.filter((round) => !round.closed_at);
  return ["survey", "sampling"].map((kind) => newest(open.filter((round) => (round.kind ?? "survey") === kind))).filter(Boolean);
}

/** @returns {string | null} code of the area in view; null = everything the account sees */
export const here = () => page.scope?.code ?? null;

const READS = {
  /** The area and those right below it. */
  async tree() {
    const scope = page.scope;
    if (scope) {
      const [area, below] = await Promise.all([
        api.get(boot.urls.area, { path: { code: scope.code } }),
        api.get(boot.urls.areas, { query: { parent: scope.code, limit: 1000 } }),
      ]);
      return { area, children: below.areas };
    }
    const children = await Promise.all(boot.tops.map(({ code }) => api.get(boot.urls.area, { path: { code } })));
    return { area: null, children };
  },
  summary: () => api.get(boot.urls.zone_summary, { query: { area: here() } }),
  staffing: () => api.get(boot.urls.staffing, { query: { area: here() } }),
  posts: () => api.get(boot.urls.posts, { query: { area: here(), limit: 10_000, geometry: false } }),
  /** The rounds under way, each with the areas below and the sum; the ages of the smallest areas of the first. */
  async progress() {
    const { rounds } = await api.get(boot.urls.rounds);
    const below = page.tree?.data?.children[0]?.level;
    const status = (round, level) => api.get(boot.urls.status, { query: { area: here(), round, level } });
    const open = underWay(rounds);
    const found = await Promise.all(open.map((round) => status(round.id, below)));
    const few = (page.tree?.data?.area?.leaves ?? MOST_LEAVES) <= MOST_LEAVES;
    const leaves = open.length && few ? await status(open[0].id, levels.deepest) : null;
    return { rounds: found.map((one, i) => ({ ...one, round: { ...open[i], ...one.round } })), leaves: leaves?.areas ?? null, closed: newest(rounds.filter((one) => one.closed_at)) };
  },
};
const AFTER_TREE = ["progress"];

/** Owns the readings of the page: `page[name]` = {data, missing, text, at}. Verbs: all, soon. */
export class Watch {
  #wanted = new Set();
  #timer = null;
  #free = 0;
  #turn = 0;

  /** @param {() => Promise<void>} paint draws the figures of the map anew */
  constructor(paint) {
    this.paint = paint;
    setInterval(() => this.soon(Object.keys(READS), true), ALL_MS);
    addEventListener("weige:back", () => this.soon(Object.keys(READS), true));
  }

  /** Everything, because another area is in view or too much was missed. */
  async all() {
    this.#turn += 1;
    await this.#read(Object.keys(READS));
  }

  /** @param {string[]} names of readings @param {boolean} map whether the figures on the map are to be read, too */
  soon(names, map = false) {
    for (const name of names) this.#wanted.add(name);
    if (map) this.#wanted.add("map");
    this.#timer ??= setTimeout(() => this.#now(), Math.max(0, this.#free - performance.now()));
  }

  async #now() {
    const names = [...this.#wanted],
      began = performance.now();
    this.#wanted.clear();
    await Promise.all([names.includes("map") ? this.paint() : null, this.#read(names.filter((name) => name in READS))]);
    this.#free = Math.max(began + REST_MS, performance.now() + (REST_TIMES - 1) * (performance.now() - began));
    this.#timer = null;
    if (this.#wanted.size) this.soon([]);
  }

  async #read(names) {
    const turn = this.#turn;
    const take = async (name) => {
      const told = await asked(READS[name]());
      // Of another area by now, or the line is cut: what is shown stays, its age counts on.
      if (turn === this.#turn && !(told.code === "offline" && page[name]?.data)) page.set({ [name]: told });
    };
    const first = names.filter((name) => !AFTER_TREE.includes(name));
    const tree = names.includes("tree") ? take("tree") : null;
    await Promise.all([
      ...first.filter((name) => name !== "tree").map(take),
      (async () => {
        await tree;
        await Promise.all(names.filter((name) => AFTER_TREE.includes(name)).map(take));
      })(),
    ]);
  }
}
