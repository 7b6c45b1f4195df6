// The posts of one's areas: who stands there now, checked in with a count, handed over with a count.
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { page } from "../data/page.js";
import { el } from "../ui/dom.js";
import { icon } from "../ui/icon.js";
import { say } from "../ui/say.js";
import { phone } from "./phone.js";
import { stepper } from "./stepper.js";
import { clock, stateWord } from "./words.js";

const stateOf = ({ present, required }) => (present === null ? "unknown" : present >= (required ?? 1) ? "manned" : "short");

const LOOKS = { manned: ["ok", "c-ok"], short: ["warn", "c-warn"], unknown: ["clock", "c-stale"] };

function stateLine(state) {
  const [name, tone] = LOOKS[state];
  return el("span", { class: `st ${tone}` }, icon(name, "s"), t(`rep.post-${state}`));
}

/** The last count: this phone's, when it is newer than the server's. */
function countOf(post) {
  const own = phone.latest(`post:${post.id}`);
  const mine = own && own.state !== "refused" && (!post.present_at || own.body.at >= new Date(post.present_at).toISOString());
  return mine ? { present: own.body.present, at: own.body.at } : { present: post.present ?? null, at: post.present_at ?? null };
}

const found = () => phone.work?.posts ?? [];
const atHand = () => found().find((post) => post.id === page.post) ?? found()[0];

function row(post) {
  const { present, at } = countOf(post);
  const item = phone.latest(`post:${post.id}`);
  const here = post === atHand();
  return el(
    "li",
    { class: here ? "on" : "" },
    el(
      "button",
      { type: "button", "data-key": `post-${post.id}`, "aria-current": here ? "true" : null, onclick: () => page.set({ post: post.id, present: null }) },
      el(
        "span",
        { class: "w" },
        el("b", {}, post.name),
        el("span", { class: "p" }, [post.hours, t("rep.post-count", { present: format.number(present), required: format.number(post.required) }), at ? clock(at) : null].filter(Boolean).join(" · ")),
      ),
      item && item.state !== "received" ? stateWord(item.state) : stateLine(stateOf({ present, required: post.required })),
    ),
  );
}

/** The list. */
export const posts = () =>
  found().length ? [el("ul", { class: "bl", "aria-label": t("rep.tab-posts") }, ...found().map(row))] : [el("p", { class: "none" }, t("rep.no-posts"))];

/** The keys of the post at hand. */
export function postPad() {
  const post = atHand();
  if (!post) return [];
  const value = page.present ?? countOf(post).present ?? post.required ?? 0;
  const go = async (what) => {
    page.set({ present: null });
    await phone.checkIn(post, value, what);
    say.politely(`${post.name} ${t(`rep.${what}`)} ${value}`);
  };
  return [
    el("div", { class: "ph" }, el("h2", { id: "pad-title" }, post.name)),
    el(
      "div",
      { class: "checkin" },
      stepper({ name: "present", label: t("rep.present"), value, most: 999, onChange: (next) => page.set({ present: next }) }),
      el("p", { class: "mute t1" }, t("rep.hand-over-note")),
      el(
        "div",
        { class: "keys" },
        el("button", { class: "btn pri k1", type: "button", "data-key": "check-in", onclick: () => go("check-in") }, icon("ok"), el("span", {}, t("rep.check-in"))),
        el("button", { class: "btn k2", type: "button", "data-key": "hand-over", onclick: () => go("hand-over") }, icon("swap"), el("span", {}, t("rep.hand-over"))),
      ),
    ),
  ];
}
