// The rounds under way: how much is done and of how much, from how many places, and the pace a deadline asks for.
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { page } from "../data/page.js";
import { el } from "../ui/dom.js";
import { icon } from "../ui/icon.js";
import { doneOf, kindOf, paceOf } from "./course.js";
import { fill } from "./fill.js";
import { pieces } from "./pieces.js";

const host = document.getElementById("rounds");
const W = 390,
  LEFT = 40,
  TOP = 14;

const share = (rate) => {
  const [number, unit] = format.percent(rate).split(" ");
  return unit ? [number, el("i", {}, unit)] : [number];
};

/** From the start to the deadline: where the round should stand, where it stands, where its mean pace leads. */
function chart(round, course, pace, height) {
  const start = Date.parse(round.starts_at),
    end = Date.parse(round.due_at),
    now = Date.now();
  const bottom = height - 30;
  const x = (at) => LEFT + ((at - start) / (end - start)) * (W - LEFT - 10);
  const y = (rate) => bottom - rate * (bottom - TOP);
  const at = Math.min(end, Math.max(start, now));
  const text = (px, py, anchor, words) => el("text", { class: "axis", x: px, y: py, "text-anchor": anchor }, words);
  const full = pace.ends ? Math.min(end, pace.ends.valueOf()) : null;
  const reach = full === null ? null : full < end ? 1 : course.rate + ((1 - course.rate) * (end - at)) / Math.max(1, pace.ends - at);
  return el(
    "svg",
    { class: "chart", viewBox: `0 0 ${W} ${height}`, role: "img", "aria-label": t("command.chart") },
    [0, 0.5, 1].map((rate) => [
      el("path", { class: "grid", d: `M${LEFT} ${y(rate)}H${W - 10}` }),
      text(LEFT - 6, y(rate) + 5, "end", String(rate * 100)),
    ]),
    text(LEFT, height - 8, "start", pieces.clock(round.starts_at)),
    text(W - 10, height - 8, "end", pieces.clock(round.due_at)),
    el("path", { class: "plan", d: `M${x(start)} ${y(0)}L${x(end)} ${y(1)}` }),
    full !== null && full > at ? el("path", { class: "ahead", d: `M${x(at)} ${y(course.rate)}L${x(full)} ${y(reach)}` }) : null,
    el("path", { class: "line", d: `M${x(start)} ${y(0)}L${x(at)} ${y(course.rate)}` }),
    el("circle", { class: "now", cx: x(at), cy: y(course.rate), r: 5 }),
  );
}

/** Against the deadline, in one sentence; null without a deadline. */
function verdict({ ahead, late }) {
  if (late) return el("p", { class: "pace c-bad" }, icon("bad", "s"), t("command.late"));
  if (ahead === null) return null;
  const points = format.percent(Math.abs(ahead)).replace(" %", "");
  return ahead >= 0
    ? el("p", { class: "pace c-ok" }, icon("ok", "s"), t("command.ahead", { n: points }))
    : el("p", { class: "pace c-warn" }, icon("warn", "s"), t("command.behind", { n: points }));
}

function received(total) {
  const part = total.of ? total.received / total.of : 0;
  return el(
    "div",
    { class: "received" },
    el(
      "svg",
      { class: "progress", viewBox: "0 0 100 4", preserveAspectRatio: "none", "aria-hidden": "true" },
      el("rect", { class: "b0", width: 100, height: 4 }),
      el("rect", { class: "b1", width: Math.round(part * 1000) / 10, height: 4 }),
    ),
    el(
      "p",
      {},
      t("command.received", { n: format.number(total.received), all: format.number(total.of), count: total.of }),
      total.received && total.received < total.of ? el("span", { class: "mute" }, t("command.of-reported")) : null,
      total.newest_at ? el("span", { class: "mute" }, t("command.newest", { age: format.age(pieces.since(total.newest_at)) })) : null,
    ),
  );
}

function block({ round, total }, { alone }) {
  const kind = kindOf(round),
    area = page.tree?.data?.area;
  const figures = area ?? { households: page.summary?.data?.total?.households ?? null };
  const course = doneOf(round, total, figures),
    pace = paceOf(round, course, Date.now());
  const empty = total.received === 0;
  const due = round.due_at;
  const unit = t(`command.unit-${kind}`);
  const value = (name, ...shown) => [t(`command.${name}`), el("span", {}, ...shown)];
  const dues =
    due || pace.mean >= 1
      ? pieces.figures(
          pace.mean === null || pace.mean < 1 ? null : value("mean", t("command.per-hour", { n: format.number(Math.round(pace.mean)) })),
          pace.needed === null ? null : value("needed", t("command.per-hour", { n: format.number(Math.ceil(pace.needed)) })),
          due && pace.ends ? value("ends", pieces.clock(pace.ends.toISOString())) : null,
          due ? value("due", pieces.clock(due)) : null,
        )
      : null;
  return el(
    "section",
    { class: "round" },
    pieces.head(round.name || t(`command.round-${kind}`), round.starts_at ? t("command.since", { t: pieces.clock(round.starts_at) }) : ""),
    el(
      "div",
      { class: "hero" },
      el("b", {}, course.rate === null ? el("span", { class: "unknown" }, t("value.unknown")) : share(course.rate)),
      el(
        "p",
        {},
        course.done === null ? null : [kind === "survey" ? t("command.surveyed", { n: format.number(course.done) }) : format.number(course.done), el("br")],
        course.due === null ? "" : kind === "survey" ? t("command.surveyed-of", { n: format.number(course.due) }) : `/ ${format.number(course.due)} ${unit}`,
      ),
    ),
    empty ? pieces.nothing("command.nothing-reported", "clock") : verdict(pace),
    received(total),
    kind === "survey" && (course.absent !== null || course.refused !== null)
      ? el("p", { class: "note" }, el("span", {}, t("command.absent", { n: format.number(course.absent ?? 0), m: format.number(course.refused ?? 0) })))
      : null,
    due && round.starts_at && course.rate !== null ? chart(round, course, pace, alone ? 250 : 150) : null,
    dues,
  );
}

export function drawRounds() {
  const reading = page.progress;
  const rounds = reading?.data?.rounds ?? [];
  if (!reading?.data) return fill(host, pieces.head(t("command.rounds")), pieces.absent(reading, "command.rounds-not-there"));
  if (!rounds.length) {
    const { closed } = reading.data;
    return fill(
      host,
      pieces.head(t("command.rounds")),
      pieces.nothing("command.no-round"),
      closed ? el("p", { class: "note" }, el("span", {}, t("command.last-round", { name: closed.name || closed.id, t: pieces.clock(closed.closed_at) }))) : null,
    );
  }
  fill(host, ...rounds.map((round) => block(round, { alone: rounds.length === 1 })));
  return undefined;
}
