// What the zone being put together is made of: each area and building with a way out, stairwells of a building one by one.
import { boot } from "../data/boot.js";
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { el } from "./dom.js";
import { figureSections } from "./figure_sections.js";
import { figureText } from "./figure_text.js";
import { icon } from "./icon.js";
import { places } from "./places.js";
import { toast } from "./toast.js";

const MOST_SHOWN = 40;
const opened = new Set(); // buildings whose stairwells are looked at

function out(words, key, onclick) {
  return el(
    "button",
    { class: "btn quiet icon", type: "button", "aria-label": t("zone.leave-out", { what: words }), "data-key": `out ${key}`, onclick },
    icon("close", "s"),
  );
}

function stairwells(building, choice, changed) {
  return el(
    "ul",
    { class: "stairs" },
    building.units.map((unit) =>
      el(
        "li",
        {},
        el(
          "label",
          { class: "check" },
          el("input", {
            type: "checkbox",
            checked: !building.left.has(unit.id),
            "data-key": `unit ${unit.id}`,
            onchange: () => {
              choice.toggleUnit(building, unit.id);
              changed();
            },
          }),
          unit.name || unit.code || String(unit.id),
          el("span", { class: "r mute" }, figureText.households(unit.households)),
        ),
      ),
    ),
  );
}

function buildingRow(building, choice, { changed, redraw }) {
  const name = building.name || t("zone.building", { n: building.id });
  const whole = !building.left.size;
  const told = building.units
    ? whole
      ? t("zone.all-stairs", { n: building.units.length, count: building.units.length })
      : t("zone.some-stairs", { n: building.units.length - building.left.size, all: building.units.length })
    : t("zone.stairs");
  const open = async () => {
    if (opened.delete(building.id)) return redraw();
    try {
      await choice.open(building);
    } catch (error) {
      return toast(error.text, { kind: "bad" });
    }
    opened.add(building.id);
    return redraw();
  };
  const shown = opened.has(building.id) && building.units;
  return el(
    "li",
    {},
    el(
      "div",
      { class: "one" },
      el("span", {}, name),
      building.units && !building.units.length
        ? el("span", { class: "mute t1" }, t("zone.no-stairs"))
        : boot.map.has?.buildings
          ? el(
              "button",
              {
                class: "lk",
                type: "button",
                "aria-expanded": String(Boolean(shown)),
                "aria-label": `${name}: ${told}`,
                "data-key": `stairs ${building.id}`,
                onclick: open,
              },
              told,
            )
          : null,
      out(name, building.id, () => {
        choice.drop(building.id);
        changed();
      }),
    ),
    shown ? stairwells(building, choice, changed) : null,
  );
}

/**
 * @param {import("../edit/zone_choice.js").ZoneChoice} choice
 * @param {string} hint what to do while nothing is chosen
 * @param {{changed: () => void, redraw: () => void}} tell changed: the members are others now
 */
export function zoneMembers(choice, hint, tell) {
  const { section } = figureSections;
  if (!choice.size) return section(null, null, el("p", { class: "hint" }, hint));
  const { changed } = tell;
  const areas = [...choice.areas.values()].map((area) => {
    const words = places.title(area);
    return el(
      "li",
      {},
      el(
        "div",
        { class: "one" },
        el("span", {}, words),
        out(words, area.code, () => {
          choice.drop(area.code);
          changed();
        }),
      ),
    );
  });
  const rows = [...areas, ...[...choice.buildings.values()].map((building) => buildingRow(building, choice, tell))];
  const count = [
    choice.areas.size ? t("zone.areas", { n: choice.areas.size, count: choice.areas.size }) : null,
    choice.buildings.size ? t("zone.buildings", { n: choice.buildings.size, count: choice.buildings.size }) : null,
  ].filter(Boolean);
  return section(
    t("zone.made-of"),
    [
      count.join(" · "),
      el(
        "button",
        {
          class: "lk",
          type: "button",
          "data-key": "members clear",
          onclick: () => {
            choice.clear();
            changed();
          },
        },
        t("zone.clear"),
      ),
    ],
    el("ul", { class: "members" }, rows.slice(0, MOST_SHOWN)),
    rows.length > MOST_SHOWN ? el("p", { class: "hint" }, t("zone.more-members", { n: format.number(rows.length - MOST_SHOWN) })) : null,
    el("p", { class: "hint" }, hint),
  );
}
