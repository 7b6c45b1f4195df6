// What stands at the side while nothing is selected: totals of the level in view, findings by kind, the areas in view
// as a list.
import { api } from "../data/api.js";
import { boot } from "../data/boot.js";
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { named } from "../data/named.js";
import { page } from "../data/page.js";
import { el } from "./dom.js";
import { figureSections } from "./figure_sections.js";
import { findingsList } from "./findings_list.js";
import { icon } from "./icon.js";
import { side } from "./side.js";
import { viewList } from "./view_list.js";

function verdicts(summary) {
  const shown = ["over", "under", "in", "unknown"].filter((key) => summary.verdicts?.[key]);
  if (!shown.some((key) => key === "over" || key === "in" || key === "under")) return null;
  const look = { over: icon("over", "solid"), under: icon("under", "solid") };
  return figureSections.section(
    t("totals.verdicts"),
    t("totals.of-areas", { n: format.number(summary.areas), level: named(boot.levels, summary.level) }),
    el(
      "table",
      { class: "eff" },
      el(
        "tbody",
        {},
        shown.map((key) =>
          el(
            "tr",
            {},
            el(
              "th",
              { scope: "row" },
              el(
                "span",
                { class: `r chip ${key === "over" ? "warn" : "plain"}` },
                look[key] ?? null,
                t(`legend.${key}`),
              ),
            ),
            el("td", { class: "v" }, format.number(summary.verdicts[key])),
          ),
        ),
      ),
    ),
  );
}

function declared(summary) {
  return figureSections.declared({
    declared: summary.declared,
    households: summary.households,
    population: summary.population,
  });
}

/**
 * @param {object} summary as GET /api/summary gives it
 * @param {{canvas: object, zones: Array<HTMLElement | null>, onPick: (area: object) => void, onFindings: (kind: string) => void}}
 *   tools
 */
export function showTotalsCard(summary, { canvas, zones, onPick, onFindings }) {
  const { list, told } = findingsList(
    (summary.findings ?? []).filter((finding) => finding.count !== 0),
    {
      holds:
        summary.coverage && summary.coverage.gaps + summary.coverage.overlaps + summary.coverage.nesting === 0
          ? [t("check.clean")]
          : [],
      onKind: onFindings,
    },
  );
  side.show("totals", {
    title: t("totals.title", { level: named(boot.levels, summary.level) }),
    sub: t("totals.sub", { n: format.number(summary.areas), level: named(boot.levels, summary.level) }),
    body: [
      figureSections.head({ households: summary.households, population: summary.population, norm: null }),
      ...(page.zones?.length ? zones : []),
      figureSections.people(summary, { folded: true }),
      figureSections.staff(summary, { folded: true }),
      figureSections.known(summary),
      declared(summary),
      verdicts(summary),
      figureSections.section(t("totals.findings"), told, list),
      viewList(canvas, onPick),
    ].filter(Boolean),
  });
}

/** Reads the totals of the level in view. @returns {Promise<object | null>} */
export async function readTotals() {
  if (!boot.map.bounds) return null;
  return api.get(boot.urls.summary, { query: { level: page.level } }).catch(() => null);
}
