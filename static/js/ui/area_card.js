// The card of one area: figures, verdicts, staff, how much is known, history, and what can be done with it.
import { boot } from "../data/boot.js";
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { named } from "../data/named.js";
import { division } from "../edit/operations/division.js";
import { transfer } from "../edit/operations/transfer.js";
import { el } from "./dom.js";
import { factTable } from "./fact_table.js";
import { figureSections } from "./figure_sections.js";
import { figureText } from "./figure_text.js";
import { historyOf } from "./history_list.js";
import { icon } from "./icon.js";
import { places } from "./places.js";
import { side } from "./side.js";

function chip(area) {
  if (area.locked) return el("span", { class: "chip plain" }, icon("lock", "s"), t("area.locked"));
  if (area.assigned === false) return el("span", { class: "chip warn" }, t("area.unassigned"));
  if (area.kind === "dedicated") return el("span", { class: "chip info" }, t("area.dedicated"));
  return null;
}

function facts(area) {
  const leader = area.leader ? [area.leader, area.phone].filter(Boolean).join(" ") : null;
  return figureSections.section(
    null,
    null,
    factTable([
      [t("area.leader"), leader ?? (area.leaf ? el("span", { class: "c-warn" }, t("area.no-leader")) : null)],
      [t("area.level"), named(boot.levels, area.level)],
      [t("area.leaves"), area.leaf ? null : format.number(area.leaves)],
      [t("fig.buildings"), boot.map.has.buildings ? figureText.number(area.buildings) : null],
      [t("area.size"), format.area(area.area_m2)],
      [t("area.counted"), area.counted_at],
      [t("area.version"), t("area.version-of", { version: area.version, rev: area.rev })],
    ]),
  );
}

function actions(area, verbs) {
  const can = boot.account.can;
  const button = (key, name, onclick, { shown = true, why = null } = {}) =>
    shown
      ? el(
          "button",
          {
            class: "btn",
            type: "button",
            "data-key": key,
            "data-writes": !["export", "staff"].includes(key),
            onclick: why ? null : onclick,
            "aria-disabled": why ? "true" : null,
            title: why,
          },
          icon(name, "s"),
          t(`act.${key}`),
        )
      : null;
  const why =
    area.editable === false
      ? t("why.scope", {
          name: format.list((boot.account.roles ?? []).map((role) => role.area?.name).filter(Boolean)),
        })
      : area.locked
        ? t("why.locked")
        : null;
  return el(
    "div",
    { class: "act row" },
    button("split", "split", verbs.split, { shown: can.redraw && area.leaf, why }),
    button("halve", "halve", verbs.halve, { shown: can.redraw && area.leaf, why }),
    button("merge", "merge", verbs.merge, { shown: can.redraw && area.leaf, why }),
    button("subdivide", "subdivide", verbs.subdivide, {
      shown: can.redraw && division.of(area).includes("subdivide"),
      why,
    }),
    button("dissolve", "dissolve", verbs.dissolve, { shown: can.redraw && division.of(area).includes("dissolve"), why }),
    button("transfer", "transfer", verbs.transfer, { shown: can.transfer && transfer.of(area), why }),
    button("assign", "ok", verbs.assign, { shown: can.edit_facts && area.assigned === false, why }),
    button("lock", "lock", () => verbs.lock(true), { shown: can.edit_facts && area.leaf && !area.locked, why }),
    button("unlock", "lock", () => verbs.lock(false), { shown: can.edit_facts && Boolean(area.locked), why: area.editable === false ? why : null }),
    button("staff", "person", verbs.staff),
    button("facts", "edit", verbs.facts, { shown: can.edit_facts, why: area.editable === false ? why : null }),
    button("export", "export", verbs.exports, { shown: can.export }),
  );
}

/**
 * @param {object} area as GET /api/areas/{code} gives it
 * @param {Record<"split" | "merge" | "lock" | "facts" | "exports" | "shut", () => void> & {past: object, restore: Function}} verbs
 *   past and restore are what the history needs
 */
export function showAreaCard(area, verbs) {
  const sections = [
    figureSections.head(area),
    figureSections.norm(area),
    figureSections.people(area),
    figureSections.staff(area),
    figureSections.known(area),
    figureSections.declared(area),
    facts(area),
    historyOf(area.code, verbs),
  ].filter(Boolean);
  side.show(`area ${area.fid}`, {
    title: places.title(area),
    chip: chip(area),
    sub: [places.above(area), " ", el("span", { class: "code" }, area.code)],
    body: sections,
    actions: actions(area, verbs),
    onShut: verbs.shut,
  });
}
