// The card of several chosen areas: each with its people, the sum, and merging.
import { boot } from "../data/boot.js";
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { el } from "./dom.js";
import { figureSections } from "./figure_sections.js";
import { figureText } from "./figure_text.js";
import { icon } from "./icon.js";
import { places } from "./places.js";
import { side } from "./side.js";
import { tableHead } from "./table_head.js";

/** @param {object[]} areas @param {{merge: () => void, shut: () => void}} verbs */
export function showSeveralCard(areas, { merge, shut }) {
  const sum = (key) => areas.reduce((total, area) => total + (area[key] ?? 0), 0);
  side.show("several", {
    title: t("several.title", { n: areas.length, count: areas.length }),
    onShut: shut,
    body: [
      figureSections.section(
        null,
        null,
        el(
          "table",
          { class: "eff" },
          tableHead(...["households", "people"].map((key) => t(`fig.${key}`))),
          el(
            "tbody",
            {},
            areas.map((area) =>
              el(
                "tr",
                {},
                el("th", { scope: "row" }, places.title(area)),
                el("td", { class: "v" }, figureText.number(area.households)),
                el("td", {}, figureText.number(area.population)),
              ),
            ),
            el(
              "tr",
              { class: "grp" },
              el("th", { scope: "row" }, t("fig.sum")),
              el("td", { class: "v" }, format.number(sum("households"))),
              el("td", {}, format.number(sum("population"))),
            ),
          ),
        ),
      ),
    ],
    actions:
      boot.account.can.redraw && areas.every((area) => area.leaf)
        ? el(
            "div",
            { class: "act row" },
            el("button", { class: "btn", type: "button", onclick: merge }, icon("merge", "s"), t("tool.merge")),
          )
        : null,
  });
}
