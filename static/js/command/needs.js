// What needs help: areas behind the plan, silent, short of people or asking for something, with what stands beside it.
// It is no league: areas come in the order of their codes, those without need are only named.
import { boot } from "../data/boot.js";
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { page } from "../data/page.js";
import { el } from "../ui/dom.js";
import { icon } from "../ui/icon.js";
import { places } from "../ui/places.js";
import { doneOf, kindOf, paceOf } from "./course.js";
import { fill } from "./fill.js";
import { pieces } from "./pieces.js";

const host = document.getElementById("needs");
const BEHIND = 0.05, // of the round: less than this is no reason to send somebody
  WALL_ROWS = 7;

/** Areas below with what is known of each. @returns {object[]} */
function areas(round, now) {
  const status = new Map((round?.areas ?? []).map((one) => [one.code, one]));
  const staff = new Map((page.staffing?.data?.children ?? []).map((one) => [one.code, one]));
  return (page.tree?.data?.children ?? []).map((area) => {
    const told = status.get(area.code);
    const course = round ? doneOf(round.round, told, area) : null;
    const pace = round ? paceOf(round.round, course, now) : null;
    const age = pieces.since(told?.oldest_at ?? null);
    const gap = staff.get(area.code)?.gap ?? area.staff?.gap ?? null;
    const visited = course && course.done !== null ? course.done + (course.absent ?? 0) + (course.refused ?? 0) : null;
    return {
      area,
      course,
      gap,
      received: told?.received ?? null,
      of: told?.of ?? null,
      age,
      help: told?.values?.needs_help ?? null,
      absent: visited && course.absent !== null ? course.absent / visited : null,
      behind: pace?.ahead < -BEHIND ? -pace.ahead : null,
      silent: Boolean(round) && (!told || told.received === 0 || pieces.since(told.newest_at) > boot.command.silent_s),
      stale: age > boot.command.silent_s,
    };
  });
}

/** Why somebody should look there, gravest first, in words. */
function reasons(one) {
  const found = [];
  if (one.help) found.push(["help", "bad", t("command.need-help", { n: format.number(one.help), count: one.help })]);
  if (one.silent) found.push(["clock", "stale", t(one.received ? "command.need-silent" : "command.need-none")]);
  if (one.behind) found.push(["under", "warn", t("command.need-behind", { share: format.percent(one.behind) })]);
  if (one.gap > 0) found.push(["person", "warn", t("command.need-staff", { n: format.number(one.gap), count: one.gap })]);
  return found;
}

const bar = (share) =>
  el(
    "svg",
    { class: "progress", viewBox: "0 0 100 6", preserveAspectRatio: "none", "aria-hidden": "true" },
    el("rect", { class: "b0", width: 100, height: 6 }),
    share === null ? null : el("rect", { class: "b1", width: Math.round(share * 1000) / 10, height: 6 }),
  );

function row(one, why, onGo) {
  const { area, course } = one;
  const cell = (look, ...content) => el("td", { class: look }, ...content);
  const [first] = why;
  return el(
    "tr",
    {},
    el(
      "th",
      { scope: "row" },
      el("button", { class: "go", type: "button", "data-key": `need ${area.code}`, onclick: () => onGo(area) }, places.title(area)),
    ),
    cell("cause", el("span", { class: `c-${first[1]}` }, icon(first[0] === "help" ? "bad" : first[0], first[0] === "under" ? "solid" : "s"), first[2])),
    cell("bar", el("span", {}, bar(course?.rate ?? null), el("b", {}, course?.rate === null || !course ? pieces.number(null) : format.percent(course.rate)))),
    cell("num", one.received === null ? pieces.number(null) : `${format.number(one.received)} / ${format.number(one.of)}`),
    cell("num", one.gap === null ? pieces.number(null) : format.number(Math.max(0, one.gap))),
    cell("num", one.absent === null ? pieces.number(null) : format.percent(one.absent)),
    cell(`num ${one.stale ? "c-stale" : ""}`, one.age === null ? pieces.number(null) : format.age(one.age)),
  );
}

/** How many reasons and how many wait: only to choose which are shown when not all fit. */
const weight = (one, why) => why.length * 1e6 + (one.help ?? 0) * 1e3 + (one.gap ?? 0);

/** @param {(area: object) => void} onGo */
export function drawNeeds(onGo) {
  const [round] = page.progress?.data?.rounds ?? [];
  const all = areas(round, Date.now()).map((one) => ({ one, why: reasons(one) }));
  const needy = all.filter(({ why }) => why.length);
  let shown = needy;
  if (boot.wall && needy.length > WALL_ROWS) {
    const kept = new Set([...needy].sort((a, b) => weight(b.one, b.why) - weight(a.one, a.why)).slice(0, WALL_ROWS - 1));
    shown = needy.filter((entry) => kept.has(entry));
  }
  const calm = all.filter(({ why }) => !why.length);
  const head = pieces.head(
    t("command.needs"),
    needy.length ? t("command.needs-of", { n: format.number(needy.length), all: format.number(all.length), count: all.length }) : "",
  );
  if (!all.length) return fill(host, head, pieces.nothing(page.tree?.data?.area ? "command.needs-leaf" : "command.coming"));
  const columns = ["area", "cause", round ? `rate-${kindOf(round.round)}` : "rate-survey", "received", "gap", "absent", "oldest"];
  fill(
    host,
    head,
    shown.length
      ? el(
          "div",
          { class: "scroll" },
          el(
            "table",
            { class: "ct" },
            el("thead", {}, el("tr", {}, columns.map((key) => el("th", { scope: "col", class: `col-${key}` }, t(`command.col-${key}`))))),
            el("tbody", {}, shown.map(({ one, why }) => row(one, why, onGo))),
          ),
        )
      : pieces.nothing("command.needs-nobody", "ok"),
    needy.length > shown.length ? el("p", { class: "more" }, t("command.needs-more", { n: needy.length - shown.length, count: needy.length - shown.length })) : null,
    calm.length && !boot.wall
      ? el(
          "p",
          { class: "calm" },
          t("command.needs-calm"),
          calm.slice(0, 40).map(({ one: { area } }) => el("button", { class: "lk", type: "button", "data-key": `calm ${area.code}`, onclick: () => onGo(area) }, places.title(area))),
        )
      : null,
  );
  return undefined;
}
