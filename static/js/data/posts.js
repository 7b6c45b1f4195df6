// Posts: read at the start, again when somebody changed one and every few minutes, for their hours begin and end.
import { api } from "./api.js";
import { boot } from "./boot.js";
import { t } from "./i18n.js";
import { page } from "./page.js";

const AGAIN_MS = 300_000;
const LIMIT = 10_000;
let turn = 0;

page.set({ posts: [] });

/** What each state looks like beside its word: never the colour alone. */
const LOOKS = {
  manned: { icon: "ok", chip: "ok" },
  short: { icon: "warn", chip: "warn" },
  closed: { icon: "close", chip: "plain" },
  unknown: { icon: "unknown", chip: "plain" },
};

export const posts = {
  look: (post) => LOOKS[post.state] ?? LOOKS.unknown,

  /** @returns {string} "缺人 1/2" */
  words: (post) => t(`post.state-${post.state}`, { present: post.present ?? "?", required: post.required ?? "?" }),

  name: (post) => post.name || post.code || t("post.number", { id: post.id }),

  /** @param {number} id @returns {object | undefined} */
  of: (id) => page.posts.find((post) => post.id === id),

  async load() {
    const mine = ++turn;
    const told = await api.get(boot.urls.posts, { query: { limit: LIMIT, geometry: false } }).catch(() => null);
    if (told && mine === turn) page.set({ posts: told.checkpoints });
  },

  /** One post is as the server just said; null: it is gone. */
  put(id, post) {
    turn++;
    const rest = page.posts.filter((entry) => entry.id !== id);
    page.set({ posts: post ? [...rest, post].sort((a, b) => a.id - b.id) : rest });
  },

  /** @param {object[]} edits data of `edit` events */
  heard(edits) {
    if (edits.some((edit) => edit.all || edit.layers.includes("checkpoints"))) posts.load();
  },

  watch() {
    setInterval(() => document.hidden || page.offline || posts.load(), AGAIN_MS);
    return posts.load();
  },
};
