// Posts: how many are manned of all, and the short ones by their place.
import { boot } from "../data/boot.js";
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { page } from "../data/page.js";
import { el } from "../ui/dom.js";
import { icon } from "../ui/icon.js";
import { fill } from "./fill.js";
import { pieces } from "./pieces.js";

const host = document.getElementById("posts");
const LOOKS = { short: ["bad", "bad"], unknown: ["clock", "stale"], closed: ["minus", "plain"] };
const MOST = 9;

/** Posts of the area in view. @returns {object[]} */
export const postsHere = () => page.posts?.data?.checkpoints ?? [];

function line(post) {
  const [picture, tone] = LOOKS[post.state];
  const serves = (post.areas ?? []).map((area) => area.name || area.code).join(t("list.comma"));
  const age = post.age_s === null || post.age_s === undefined ? null : post.age_s + (Date.now() - page.posts.at) / 1000;
  const words = post.state === "short" ? t("command.post-short", { n: format.number(post.present ?? 0), all: format.number(post.required ?? 0) }) : t(`command.post-${post.state}`);
  return el(
    "li",
    { class: tone },
    icon(picture),
    el("div", {}, el("b", {}, post.name || post.code || t("command.post")), el("p", {}, [words, serves].filter(Boolean).join(" · "))),
    el("div", { class: "tm" }, post.state === "closed" ? "" : age === null ? t("command.never-counted") : format.age(age)),
  );
}

export function drawPosts() {
  const reading = page.posts;
  const counted = page.staffing?.data?.posts;
  const posts = postsHere();
  if (!reading?.data) return fill(host, pieces.head(t("command.posts")), pieces.absent(reading, "command.posts-not-there"));
  const number = (state) => counted?.[state] ?? posts.filter((post) => post.state === state).length;
  const all = counted?.all ?? posts.length;
  if (!all) return fill(host, pieces.head(t("command.posts")), pieces.nothing("command.no-posts"));
  const order = Object.keys(LOOKS);
  const open = posts
    .filter((post) => post.state in LOOKS)
    .sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state) || String(a.name).localeCompare(String(b.name), undefined, { numeric: true }));
  const shown = boot.wall ? open.slice(0, MOST) : open;
  fill(
    host,
    pieces.head(t("command.posts"), ["short", "closed", "unknown"].filter(number).map((state) => t(`command.posts-${state}`, { n: number(state), count: number(state) })).join(" · ")),
    el("p", { class: "fig" }, format.number(number("manned")), el("i", {}, t("command.of-all", { n: format.number(all) }))),
    shown.length ? el("ul", { class: "al" }, shown.map(line)) : pieces.nothing("command.posts-all-manned", "ok"),
    open.length > shown.length ? el("p", { class: "more" }, t("command.more", { n: open.length - shown.length, count: open.length - shown.length })) : null,
  );
  return undefined;
}
