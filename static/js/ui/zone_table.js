// The table of zones: each kind with its zones, households and people, every household once; what was declared and the
// difference in rows of their own; and the zones themselves as a list.
import { boot } from "../data/boot.js";
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { named } from "../data/named.js";
import { el } from "./dom.js";
import { figureSections } from "./figure_sections.js";
import { figureText } from "./figure_text.js";
import { zoneTag } from "./zone_tag.js";

const { section } = figureSections;
const cell = (value, more = "") => el("td", { class: more }, figureText.number(value));

const head = (keys) =>
  el(
    "thead",
    {},
    el("tr", {}, el("td", {}), keys.map(([key, words, full]) => el("th", { scope: "col", class: key, title: full ?? null }, words))),
  );

const special = (kind) => (kind.special_hidden && kind.special_total === null ? t("value.hidden") : figureText.number(kind.special_total));

/** The derived kind: what the others leave, live. */
function kindName(kind) {
  return [
    zoneTag(kind.kind),
    " ",
    named(boot.zone_kinds, kind.kind),
    kind.derived ? el("small", { class: "mute" }, ` ${t("zones.rest")}`) : null,
  ];
}

function kindRow(kind) {
  return el(
    "tr",
    {},
    el("th", { scope: "row" }, kindName(kind)),
    el("td", {}, kind.derived ? "–" : format.number(kind.zones)),
    cell(kind.households, "v"),
    cell(kind.population, "v"),
    el("td", {}, special(kind)),
    kind.unknown_areas === null ? el("td", {}, "–") : cell(kind.unknown_areas, kind.unknown_areas ? "c-warn" : "mute"),
  );
}

const total = (words, { households, population }, unknown, more = "", shown = figureText.number) =>
  el(
    "tr",
    { class: more },
    el("th", { scope: "row", colspan: 2 }, words),
    el("td", { class: more === "grp" ? "v" : "" }, shown(households)),
    el("td", { class: more === "grp" ? "v" : "" }, shown(population)),
    el("td", {}),
    el("td", {}, unknown === null ? "" : figureText.number(unknown)),
  );

/** What nobody declared is no unknown of ours. */
const given = (shown) => (value) => (value === null || value === undefined ? "–" : shown(value));
const plain = given(format.number),
  signed = given(format.signed);

/** Who is there now, as far as it was reported: silence is not zero. */
function present({ value, received, of, oldest_at: oldest }) {
  const words = [
    t("zones.present", { n: value === null ? t("value.unknown") : format.number(value) }),
    t("zones.received", { n: format.number(received), m: format.number(of) }),
    oldest ? t("zones.oldest", { at: format.time(oldest) }) : null,
  ];
  return el("p", { class: "hint" }, words.filter(Boolean).join(" · "));
}

/** @param {object | null} sums as GET /api/zones/summary gives them @returns {HTMLElement | null} */
export function zoneTable(sums) {
  if (!sums?.kinds?.length) return null;
  const standing = sums.kinds.some((kind) => kind.zones);
  if (!standing) return section(t("zones.title"), null, el("p", { class: "hint" }, t("zones.none")));
  const columns = [
    ["zones", t("zones.count")],
    ["households", t("fig.households-short"), t("fig.households")],
    ["people", t("fig.people-short")],
    ["special", t("fig.special-short"), t("fig.special")],
    ["unknown", t("zones.unknown"), t("zone.unknown")],
  ];
  return section(
    t("zones.title"),
    t("zones.once"),
    el(
      "table",
      { class: "eff zones" },
      head(columns),
      el(
        "tbody",
        {},
        sums.kinds.map(kindRow),
        total(t("zones.total"), sums.total, sums.total.unknown_areas, "grp"),
        sums.declared ? total(t("zones.declared"), sums.declared, null, "quiet", plain) : null,
        sums.declared_difference ? total(t("zones.difference"), sums.declared_difference, null, "quiet", signed) : null,
      ),
    ),
    sums.kinds.some((kind) => kind.estimated) ? el("p", { class: "hint" }, t("zone.estimated")) : null,
    sums.present ? present(sums.present) : null,
  );
}

/** The two rows under a proposal: what stands already, and all, every household once. @param {object | null} sums */
export function standingRows(sums) {
  if (!sums?.kinds?.length) return [];
  const drawn = sums.kinds.filter((kind) => !kind.derived && kind.zones);
  const sum = (key) => (drawn.some((kind) => kind[key] === null) ? null : drawn.reduce((all, kind) => all + kind[key], 0));
  const row = (words, values, more) =>
    el("tr", { class: more }, el("th", { scope: "row" }, words), values.map((value) => el("td", {}, value)));
  const shown = (of) => ["households", "population"].map((key) => figureText.number(of(key)));
  const names = drawn.map((kind) => named(boot.zone_kinds, kind.kind)).join(t("list.comma"));
  return [
    drawn.length
      ? row(t("zones.already", { names }), [...shown(sum), figureText.number(sum("special_total"))], "ind")
      : null,
    row(t("zones.all-once", { name: sums.scope?.name ?? "" }), [...shown((key) => sums.total[key]), ""], ""),
  ];
}

/** The zones as a list, proposals first. @param {object[]} zones @param {(zone: object) => void} onPick */
export function zoneList(zones, onPick) {
  if (!zones?.length) return null;
  const line = (zone) =>
    el(
      "tr",
      { class: "pick", onclick: () => onPick(zone) },
      el(
        "th",
        { scope: "row" },
        zoneTag(zone.kind, zone.status),
        " ",
        el("button", { class: "lk", type: "button", "data-key": `zone ${zone.id}` }, zone.name || zone.code),
        zone.asked ? el("span", { class: "chip warn" }, t("zone.asked-short")) : null,
      ),
      el("td", {}, figureText.households(zone.figures?.households)),
    );
  const part = (status) => {
    const some = zones.filter((zone) => zone.status === status);
    return some.length
      ? [
          el("tr", { class: "kindof" }, el("th", { scope: "colgroup", colspan: 2 }, t(`zones.${status}`, { n: format.number(some.length) }))),
          some.map(line),
        ]
      : null;
  };
  return section(
    t("zone.list"),
    format.number(zones.length),
    el("table", { class: "eff list" }, el("tbody", {}, ["proposed", "in_force", "lifted"].map(part))),
  );
}
