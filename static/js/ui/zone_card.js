// The card of a zone: kind, status, people, order; a proposal can be withdrawn, and the withdrawal undone.
import { boot } from "../data/boot.js";
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { named } from "../data/named.js";
import { zoneColour } from "../map/images.js";
import { el } from "./dom.js";
import { figureSections } from "./figure_sections.js";
import { figureText } from "./figure_text.js";
import { icon } from "./icon.js";
import { side } from "./side.js";

const { section } = figureSections;

export const zoneTag = (zone) => {
  const letter = boot.zone_kinds.find((kind) => kind.id === zone.kind)?.letter ?? {};
  return el(
    "span",
    { class: `tag ${zoneColour(zone.kind)}` },
    `${letter[boot.lang] ?? letter.zh ?? ""}${zone.status === "proposed" ? "?" : ""}`,
  );
};

/** @param {object} zone @param {{withdraw: () => void, go: () => void, shut: () => void}} verbs */
export function showZoneCard(zone, { withdraw, go, shut }) {
  const line = (key, value) =>
    value ? el("tr", {}, el("th", { scope: "row" }, t(`zone.${key}`)), el("td", {}, value)) : null;
  const f = zone.figures;
  side.show(`zone ${zone.id}`, {
    title: zone.name || zone.code,
    chip: el(
      "span",
      { class: `chip ${zone.status === "proposed" ? "edit" : "plain"}` },
      t(`zone.status-${zone.status}`),
    ),
    sub: [zoneTag(zone), " ", named(boot.zone_kinds, zone.kind), " ", el("span", { class: "code" }, zone.code ?? "")],
    body: [
      figureSections.head({ households: f.households, population: f.population, norm: null }),
      section(
        null,
        null,
        el(
          "table",
          { class: "eff" },
          el(
            "tbody",
            {},
            el(
              "tr",
              {},
              el("th", { scope: "row" }, t("fig.special")),
              el("td", { class: "v" }, figureSections.special(f)),
            ),
            f.unknown_leaves
              ? el(
                  "tr",
                  {},
                  el("th", { scope: "row" }, t("zone.unknown")),
                  el("td", { class: "v" }, format.number(f.unknown_leaves)),
                )
              : null,
            line("reason", zone.reason),
            line("order_no", zone.order_no),
            line("by", zone.proposed_by),
            line("from", zone.starts_at ? format.time(zone.starts_at) : null),
          ),
        ),
        f.estimated ? el("p", { class: "hint" }, t("zone.estimated")) : null,
      ),
    ],
    onShut: shut,
    actions: el(
      "div",
      { class: "act row" },
      el("button", { class: "btn", type: "button", onclick: go }, t("act.go")),
      zone.can_withdraw
        ? el("button", { class: "btn", type: "button", "data-writes": true, onclick: withdraw }, icon("trash", "s"), t("zone.withdraw"))
        : null,
      el("p", { class: "note" }, t(zone.status === "proposed" ? "zone.waits" : "zone.lifting")),
    ),
  });
}

/** The zones as rows of the totals card. @param {object[]} zones @param {(zone: object) => void} onPick */
export function zoneRows(zones, onPick) {
  if (!zones?.length) return null;
  return section(
    t("zone.list"),
    format.number(zones.length),
    el(
      "table",
      { class: "eff" },
      el(
        "tbody",
        {},
        zones.map((zone) =>
          el(
            "tr",
            { class: "pick", onclick: () => onPick(zone) },
            el(
              "th",
              { scope: "row" },
              zoneTag(zone),
              " ",
              el("button", { class: "lk", type: "button", "data-key": `zone ${zone.id}` }, zone.name || zone.code),
            ),
            el("td", {}, figureText.households(zone.figures?.households)),
          ),
        ),
      ),
    ),
  );
}
