// Findings of an edit or of the whole map: icon and word, errors first, each with its way to the place.
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { el } from "./dom.js";
import { icon } from "./icon.js";
import { places } from "./places.js";
import { popover } from "./popover.js";

const GRAVE = new Set(["gap", "overlap", "nesting", "code", "hole", "invalid", "outside"]);
const MERE = new Set(["vertices-added", "norm-under", "stalls", "follows", "along-roads", "piece-under", "piece-thin", "part-given", "not-chosen", "loose-end", "estimated"]);
const ZONE = new Set(["zone-cut", "zone-kept"]);
const rank = (kind) => (GRAVE.has(kind) ? 0 : MERE.has(kind) ? 2 : 1);
const LOOK = [
  ["bad", "c-bad"],
  ["warn", "c-warn"],
  ["info", "c-info"],
];

/** The areas of a finding as a list to choose from. */
function choose(button, areas, onArea) {
  popover.show(
    button,
    areas.map((area) =>
      el(
        "button",
        {
          class: "mi",
          type: "button",
          onclick: () => {
            popover.shut();
            onArea(area);
          },
        },
        area.name || area.code,
        el("span", { class: "r" }, area.code),
      ),
    ),
    { side: "right", label: t("finding.see") },
  );
}

/**
 * @param {Array<{kind: string, text?: string, code?: string | null, where?: [number, number] | null, count?:
 *   number}>} findings
 * @param {{holds?: string[], onPlace?: (where: [number, number]) => void, onArea?: (area: object) => void,
 *   onKind?: (kind: string) => void}} [options] onKind: opens the list of all of that kind;
 *   holds: sentences that are true, ticked
 * @returns {{list: HTMLElement, errors: number, notes: number, told: string}} told: "0 errors · 1 note"
 */
export function findingsList(findings, { holds = [], onPlace, onArea, onKind } = {}) {
  const sorted = [...findings].sort((a, b) => rank(a.kind) - rank(b.kind));
  const row = (finding) => {
    const [name, colour] = LOOK[rank(finding.kind)];
    const key = `finding.${finding.kind}`,
      title = t(key, {
        ...finding,
        code: finding.what && finding.code ? places.short({ name: finding.what, code: finding.code }) : places.called(finding.code ?? ""),
        n: finding.code ?? "",
        count: finding.count ?? (ZONE.has(finding.kind) ? t("value.unknown") : Number(finding.code)),
      });
    const unfilled = title === key || /\{\w+\}/.test(title);
    const place =
      finding.where && onPlace
        ? el("button", { class: "lk", type: "button", onclick: () => onPlace(finding.where) }, t("finding.see"))
        : null;
    const areas =
      finding.areas?.length && (onArea || onKind)
        ? el(
            "button",
            {
              class: "lk",
              type: "button",
              "aria-haspopup": onKind ? null : "dialog",
              "aria-label": `${t("finding.see")}: ${unfilled ? finding.text : title}`,
              onclick: (event) =>
                onKind ? onKind(finding.kind) : choose(event.currentTarget, finding.areas, onArea),
            },
            t("finding.see"),
          )
        : null;
    const count = typeof finding.count === "number" ? el("b", { class: "count" }, format.number(finding.count)) : null;
    return el(
      "li",
      {},
      el("span", { class: colour }, icon(name, "s")),
      el(
        "span",
        {},
        unfilled ? finding.text : title,
        t(`${key}.why`) === `${key}.why` ? null : el("small", {}, t(`${key}.why`)),
      ),
      count || place || areas ? el("span", { class: "acts" }, count, place, areas) : null,
    );
  };
  const ticked = holds.map((sentence) =>
    el("li", {}, el("span", { class: "c-ok" }, icon("ok", "s")), el("span", {}, sentence)),
  );
  const errors = findings.filter((finding) => rank(finding.kind) === 0).length;
  const notes = findings.length - errors;
  return {
    list: el(
      "ul",
      { class: "find" },
      sorted.filter((f) => rank(f.kind) === 0).map(row),
      ticked,
      sorted.filter((f) => rank(f.kind) > 0).map(row),
    ),
    errors,
    notes,
    told: [t("check.errors", { count: errors }), t("check.notes", { count: notes })].join(" · "),
  };
}
