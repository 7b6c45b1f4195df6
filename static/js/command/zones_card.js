// The three-zone table: every place counted once, by its strictest zone; what was declared stands in a row of its own.
import { boot } from "../data/boot.js";
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { named } from "../data/named.js";
import { page } from "../data/page.js";
import { zoneColour } from "../map/images.js";
import { el } from "../ui/dom.js";
import { fill } from "./fill.js";
import { pieces } from "./pieces.js";

const host = document.getElementById("zones");
const lines = (gap, sides) =>
  sides.flatMap((side) => Array.from({ length: 14 }, (_, i) => `M${i * gap - (side > 0 ? 26 : 0)} 0l${26 * side} 26`)).join("");
const dots = Array.from({ length: 8 }, (_, i) => el("circle", { cx: 6 + (i % 4) * 7.5, cy: i < 4 ? 9 : 18, r: 1.3 }));

/** Line, pattern and wash of a kind, as the map has them. */
function swatch(kind) {
  const colour = zoneColour(kind);
  const pattern = { lockdown: lines(6, [1, -1]), control: lines(8, [-1]) }[colour];
  return el(
    "svg",
    { class: `zsw z-${colour}`, viewBox: "0 0 34 26", "aria-hidden": "true" },
    el("rect", { class: "wash", width: 34, height: 26 }),
    pattern
      ? el("svg", { x: 1.5, y: 1.5, width: 31, height: 23, viewBox: "1.5 1.5 31 23" }, el("path", { class: "pattern", d: pattern }))
      : el("g", { class: "dots" }, dots.map((dot) => dot.cloneNode())),
    el("rect", { class: "edge", x: 1.5, y: 1.5, width: 31, height: 23, "stroke-dasharray": colour === "prevention" ? "6 4" : null }),
  );
}

function row(name, zones, { households, population }, { picture = null, look = "", signed = false } = {}) {
  const shown = (value) => (signed && typeof value === "number" ? format.signed(value) : pieces.number(value));
  return el(
    "tr",
    { class: look },
    el("th", { scope: "row" }, picture, el("span", { class: "nm" }, name)),
    el("td", {}, zones === null ? "" : format.number(zones)),
    el("td", {}, shown(households)),
    el("td", { class: "big" }, shown(population)),
  );
}

const sum = (kinds, key) => kinds.reduce((all, kind) => all + (kind[key] ?? 0), 0);

/** What stands below the table: who is there now, groups, what nobody has counted. */
function notes(told) {
  const { present, kinds } = told;
  const known = kinds.map((kind) => kind.special_total).filter((n) => typeof n === "number");
  const special = told.total?.special_total ?? (known.length === kinds.length ? known.reduce((a, b) => a + b, 0) : null);
  const unknown = told.total?.unknown_areas ?? sum(kinds, "unknown_areas");
  return [
    present
      ? el(
          "p",
          { class: "note" },
          el("b", {}, t("command.present", { n: format.number(present.value) })),
          el("span", {}, t("command.present-of", { n: format.number(present.received), all: format.number(present.of), age: format.age(pieces.since(present.oldest_at)) })),
        )
      : null,
    special === null || boot.wall ? null : el("p", { class: "note" }, el("span", {}, t("command.special", { n: format.number(special) }))),
    unknown ? el("p", { class: "note c-stale" }, el("span", {}, t("command.unknown-areas", { n: format.number(unknown), count: unknown }))) : null,
    kinds.some((kind) => kind.estimated) ? el("p", { class: "note" }, el("span", {}, t("command.estimated"))) : null,
  ];
}

export function drawZones() {
  const reading = page.summary,
    told = reading?.data;
  const head = pieces.head(t("command.zones"), told ? t("command.as-of", { t: pieces.clock(told.as_of) }) : "");
  if (!told) return fill(host, head, pieces.absent(reading, "command.zones-not-there"));
  const inForce = told.kinds.some((kind) => kind.zones);
  fill(
    host,
    head,
    el(
      "table",
      { class: "zt" },
      el("thead", {}, el("tr", {}, ["kind", "zones", "households", "people"].map((key) => el("th", { scope: "col" }, t(`command.col-${key}`))))),
      el(
        "tbody",
        {},
        told.kinds.map((kind) =>
          row(named(boot.zone_kinds, kind.kind), kind.derived ? null : kind.zones, kind, {
            picture: swatch(kind.kind),
            look: kind.derived ? "derived" : "",
          }),
        ),
        told.total ? row(t("fig.sum"), sum(told.kinds, "zones"), told.total, { look: "tot" }) : null,
        told.declared ? row(t("command.declared"), null, told.declared, { look: "less" }) : null,
        told.declared_difference ? row(t("command.difference"), null, told.declared_difference, { look: "less", signed: true }) : null,
      ),
    ),
    inForce ? null : pieces.nothing("command.no-zones"),
    ...notes(told),
  );
  return undefined;
}
