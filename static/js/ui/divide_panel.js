// Dividing areas before it is saved: how many or by which norm, three proposals with their figures, the checks.
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { divide } from "../edit/operations/divide.js";
import { el } from "./dom.js";
import { effectParts } from "./effect_parts.js";
import { field } from "./field.js";
import { figureSections } from "./figure_sections.js";
import { figureText } from "./figure_text.js";
import { findingsList } from "./findings_list.js";
import { jobRow, progressBar } from "./job_row.js";
import { places } from "./places.js";
import { side } from "./side.js";

const { section } = figureSections;
const TOLERANCES = [0.05, 0.1, 0.2];
const FINAL = new Set([400, 403, 404, 422]); // asked again, it would be refused again
const WIDE = 84,
  HIGH = 56;

function choices(label, options, chosen, choose) {
  return el(
    "div",
    { class: "seg", role: "radiogroup", "aria-label": label },
    options.map(({ id, text, closed }) =>
      el(
        "button",
        {
          class: "tg",
          type: "button",
          role: "radio",
          "aria-checked": String(id === chosen),
          "aria-disabled": closed ? "true" : null,
          "data-key": `${label} ${id}`,
          onclick: closed ? null : () => choose(id),
        },
        text,
      ),
    ),
  );
}

function number(label, key, value, change, least) {
  return field({
    label,
    name: key,
    type: "number",
    min: least,
    max: 100000,
    step: 1,
    value: Number.isFinite(value) ? value : "",
    "data-key": `divide ${key}`,
    hint: el("span", { class: "typed" }, t("divide.typed")),
    onchange: (event) => change({ [key]: event.currentTarget.valueAsNumber }),
  }).node;
}

function wishes(wish, known, most, verbs) {
  const ways = [
    { id: "parts", text: t("divide.parts") },
    { id: "workers", text: t("divide.workers"), closed: !known.workers || known.workers < 2 },
    { id: "norm", text: t("divide.norm"), closed: !known.norm },
  ];
  return section(
    t("divide.into"),
    known.households ? figureText.households(known.households) : null,
    choices(t("divide.into"), ways, wish.way, (way) => verbs.wish({ way })),
    el(
      "div",
      { class: "pair divide-wish" },
      wish.way === "norm"
        ? [number(t("divide.min"), "min", wish.min, verbs.wish, 0), number(t("divide.max"), "max", wish.max, verbs.wish, 1)]
        : number(t(wish.way === "workers" ? "divide.one-each" : "divide.count"), "parts", wish.parts, verbs.wish, 1),
      wish.way === "norm"
        ? null
        : el(
            "div",
            { class: "field" },
            el("span", {}, t("divide.tolerance")),
            choices(
              t("divide.tolerance"),
              TOLERANCES.map((id) => ({ id, text: `±${Math.round(id * 100)} %` })),
              wish.tolerance,
              (tolerance) => verbs.wish({ tolerance }),
            ),
          ),
    ),
    wish.way === "workers" && known.workers > most ? el("p", { class: "hint" }, t("divide.fewer-than-workers", { have: known.workers, n: most })) : null,
    wish.way === "norm" ? null : el("p", { class: "hint" }, t("divide.trade")),
  );
}

/** The areas of a proposal as a small picture. */
function picture({ areas, tints }) {
  const polygons = areas.map(({ geometry }) => (geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates));
  const flat = polygons.flat(3).filter((one) => Array.isArray(one));
  const points = flat.length ? flat : polygons.flat(2).flat();
  let [west, south, east, north] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of points) [west, south, east, north] = [Math.min(west, x), Math.min(south, y), Math.max(east, x), Math.max(north, y)];
  const narrow = Math.cos((((south + north) / 2) * Math.PI) / 180);
  const scale = Math.min((WIDE - 4) / ((east - west) * narrow), (HIGH - 4) / (north - south));
  const [dx, dy] = [(WIDE - (east - west) * narrow * scale) / 2, (HIGH - (north - south) * scale) / 2];
  const put = ([x, y]) => `${(dx + (x - west) * narrow * scale).toFixed(1)} ${(dy + (north - y) * scale).toFixed(1)}`;
  const path = (rings) => rings.map((ring) => `M${ring.map(put).join("L")}Z`).join("");
  return el(
    "svg",
    { viewBox: `0 0 ${WIDE} ${HIGH}`, width: WIDE, height: HIGH, "aria-hidden": "true", class: "divide-picture" },
    polygons.map((parts, k) => el("path", { d: parts.map(path).join(""), class: `tint-${tints[k]}`, "fill-rule": "evenodd" })),
  );
}

const waiting = (told) => [t("divide.busy"), told ? jobRow.words(told) : ""].filter(Boolean).join(" ");

/** How far the search is that goes on, with a way to stop it; or the way to take up what was stopped. */
function search(proposals, verbs) {
  const seed = proposals.findIndex((one) => one.told || one.stopped);
  if (seed < 0) return null;
  const { told, stopped } = proposals[seed];
  return el(
    "div",
    { class: "divide-search" },
    stopped ? t("divide.stopped") : progressBar(told.progress ?? 0, t("divide.busy")),
    stopped
      ? el("button", { class: "lk", type: "button", "data-key": "search again", onclick: () => verbs.again(seed) }, t("act.again"))
      : el("button", { class: "lk", type: "button", "data-key": "search stop", onclick: () => verbs.stop(seed) }, t("job.stop")),
  );
}

/** How many areas keep the norm and how many buildings are cut, where there is a norm and where there are buildings. */
const promises = ({ inNorm, cut, areas }, known) =>
  [
    inNorm === null ? null : t("divide.in-norm", { n: inNorm, of: areas.length }),
    !known.built ? null : t("divide.cut", { n: cut }),
  ].filter(Boolean);

/** @param {number} number among those that differ; 0: there is no other */
function proposal(one, seed, number, chosen, merits, known, verbs) {
  const words = one.figures
    ? [
        el(
          "b",
          {},
          one.figures.least === null ? t("divide.areas", { n: one.figures.areas.length, count: one.figures.areas.length }) : t("unit.households", { n: `${one.figures.least}–${one.figures.most}` }),
          one.figures.off === null ? null : el("span", { class: "mute" }, ` ±${one.figures.off} %`),
        ),
        el("span", {}, t("divide.border", { what: format.length(one.figures.border_m) }), one.figures.along === null ? null : ` · ${t("divide.along", { n: one.figures.along })}`),
        el("span", {}, promises(one.figures, known).join(" · ")),
      ]
    : [el("span", { class: "mute" }, one.error?.text ?? (one.stopped ? t("divide.stopped") : waiting(one.told)))];
  const head = number ? [number, merits.map((word) => t(word)).join(" · ")].join(" ") : "";
  return el(
    "button",
    {
      class: "divide-card",
      type: "button",
      role: "radio",
      "aria-checked": String(chosen),
      "aria-disabled": one.figures ? null : "true",
      "data-key": `proposal ${number || 1}`,
      onclick: one.figures ? () => verbs.choose(seed) : null,
    },
    one.figures ? picture(one.figures) : el("span", { class: "divide-picture" }),
    el("span", { class: "divide-words" }, head ? el("span", { class: "mute" }, head) : null, ...words),
    number ? el("kbd", {}, String(number)) : null,
  );
}

/** The proposals that differ, each by the key that chooses it; how many there are, where it is not three. */
function cards(proposals, chosen, known, verbs) {
  const distinct = divide.distinct(proposals),
    merits = divide.merits(distinct.map((seed) => proposals[seed])),
    waits = proposals.some((one) => !one.figures && !one.error && !one.stopped);
  const few = !waits && distinct.length < proposals.length && proposals.every((one) => one.figures);
  return section(
    t(!few ? "divide.proposals" : distinct.length > 1 ? "divide.few-ways" : "divide.one-way", { n: distinct.length }),
    null,
    el(
      "div",
      { class: "divide-cards", role: "radiogroup", "aria-label": t("divide.proposals"), "aria-busy": String(waits) },
      distinct.map((seed, k) => proposal(proposals[seed], seed, distinct.length > 1 ? k + 1 : 0, seed === chosen, merits[k], known, verbs)),
    ),
    search(proposals, verbs),
  );
}

/** What stands in the way, and what can be done about it: only what will not be refused next. */
function trouble(words, verb, { waits = false } = {}) {
  return el(
    "section",
    { class: "sec" },
    el(
      "div",
      { class: `trouble ${waits ? "waits" : ""}`, role: waits ? null : "alert" },
      el("span", {}, words),
      verb ? el("div", { class: "r" }, el("button", { class: "lk", type: "button", "data-key": verb.key, onclick: verb.go }, verb.words)) : null,
    ),
  );
}

/** @param {Error | null} refused @param {number} most parts that can be */
function refusal(refused, wish, most, verbs) {
  const fewest = refused.body?.least ?? 2;
  const can = refused.body?.least ?? refused.body?.most;
  const make = can >= fewest && can <= most && can !== wish.parts ? { key: "can", words: t("divide.make", { n: can }), go: () => verbs.wish({ way: "parts", parts: can }) } : null;
  const again = FINAL.has(refused.status) ? null : { key: "search again", words: t("act.again"), go: () => verbs.again(0) };
  const oneArea = refused.code === "bad-input" && wish.way === "norm" ? t("divide.one-part") : null;
  return trouble(refused.code === "too-many-parts" && make ? t("divide.most", { n: can }) : (oneArea ?? refused.text), make ?? again);
}

/** Why it is not asked; where too many parts are wished, with as many as can be. */
const lack = (missing, most, verbs) =>
  trouble(
    t(missing, { n: most }),
    missing === "divide.most" ? { key: "can", words: t("divide.make", { n: most }), go: () => verbs.wish({ way: "parts", parts: most }) } : null,
  );

/**
 * @param {{areas: object[], wish: object, known: object, proposals: Array<{answer?: object, figures?: object, error?: Error}>,
 *   chosen: number, missing: string | null, most: number}} state most: parts that can be
 * @param {{wish: (change: object) => void, choose: (seed: number) => void, cancel: () => void, save: () => void, see:
 *   (where: [number, number]) => void, stop: (seed: number) => void, again: (seed: number) => void}} verbs
 */
export function dividePanel({ areas, wish, known, proposals, chosen, missing, most }, verbs) {
  const answer = proposals[chosen]?.answer ?? null;
  const figures = proposals[chosen]?.figures;
  const same = answer && answer.totals_before.population === answer.totals_after.population;
  const holds = [same ? t("check.conserved") : t("check.clean"), figures?.cut || !known.built ? null : t("check.no-building")];
  const found = answer && findingsList(divide.findings(answer, wish, figures), { holds: holds.filter(Boolean), onPlace: verbs.see });
  const ready = answer && !found.errors;
  const fewest = wish.way !== "norm" && known.norm?.max && known.households ? Math.ceil(known.households / known.norm.max) : 0;
  const short = fewest > wish.parts && fewest <= Math.min(most, known.buildings ?? most);
  const [{ error: refused = null }] = proposals;
  side.show("divide", {
    title: t("preview.divide"),
    chip: answer ? el("span", { class: "chip edit" }, t("preview.unsaved")) : null,
    sub: areas.length ? areas.map((area) => (area.leaf ? places.short(area) : area.name || places.short(area))).join(" + ") : null,
    body: [
      areas.length ? wishes(wish, known, most, verbs) : section(null, null, el("p", { class: "hint" }, t("divide.pick"))),
      short && !refused
        ? trouble(
            t("divide.too-few", { n: fewest, max: known.norm.max }),
            { key: "fewest", words: t("divide.make", { n: fewest }), go: () => verbs.wish({ way: "parts", parts: fewest }) },
            { waits: true },
          )
        : null,
      refused && !missing ? refusal(refused, wish, most, verbs) : null,
      missing && areas.length ? lack(missing, most, verbs) : null,
      !missing && !refused && areas.length ? cards(proposals, chosen, known, verbs) : null,
      found ? section(t("check.title"), found.told, found.list) : null,
    ].filter(Boolean),
    actions: effectParts.actions("divide", ready, verbs, ready ? t("preview.note") : null),
  });
}
