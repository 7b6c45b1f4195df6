// The effect of dividing an area, or of taking its division back, before it is saved.
import { boot } from "../data/boot.js";
import { t } from "../data/i18n.js";
import { levels } from "../data/levels.js";
import { named } from "../data/named.js";
import { el } from "./dom.js";
import { effectTable } from "./effect_table.js";
import { figureSections } from "./figure_sections.js";
import { findingsList } from "./findings_list.js";
import { icon } from "./icon.js";
import { places } from "./places.js";
import { side } from "./side.js";

const { section } = figureSections;
const MOST_NAMED = 12;

/** Into what: the levels below. */
function choice(area, chosen, verbs) {
  const offered = levels.below(area.level);
  if (offered.length < 2) return null;
  return section(
    t("division.level"),
    null,
    el(
      "div",
      { class: "seg", role: "radiogroup", "aria-label": t("division.level") },
      offered.map(({ id }) =>
        el(
          "button",
          {
            class: "tg",
            type: "button",
            role: "radio",
            "aria-checked": String(id === chosen),
            "data-key": `level ${id}`,
            onclick: () => verbs.level(id),
          },
          named(boot.all_levels, id),
        ),
      ),
    ),
  );
}

/** Codes that come, or retire. */
function list(areas) {
  const more = areas.length - MOST_NAMED;
  return el(
    "ul",
    { class: "find" },
    areas.slice(0, MOST_NAMED).map((one) =>
      el(
        "li",
        {},
        el("span", { class: one.retired ? "c-warn" : "c-ok" }, icon(one.retired ? "minus" : "plus", "s")),
        el("span", {}, places.title(one), el("small", {}, one.next_code ?? one.code)),
      ),
    ),
    more > 0 ? el("li", {}, el("span", {}), el("span", { class: "mute" }, t("division.more", { n: more }))) : null,
  );
}

/**
 * @param {{op: "subdivide" | "dissolve", area: object, level?: string}} asked
 * @param {object | null} answer of the preview
 * @param {Error | null} error why it cannot be done
 * @param {{level: (id: string) => void, cancel: () => void, save: () => void, see: (where: [number, number]) => void}} verbs
 */
export function divisionPanel({ op, area, level }, answer, error, verbs) {
  const changed = (answer?.changed ?? []).filter((one) => one.code !== area.code);
  const found = answer && findingsList(answer.findings, { holds: [t("check.conserved")], onPlace: verbs.see });
  const ready = answer && !error && !found.errors;
  side.show("division", {
    asks: true,
    title: t(`division.${op}`, { name: places.title(area) }),
    chip: el("span", { class: "chip edit" }, t("preview.unsaved")),
    sub: [places.above(area), " ", el("span", { class: "code" }, area.code)],
    body: [
      el("section", { class: "sec" }, el("p", { class: "hint" }, t(`division.${op}.why`))),
      op === "subdivide" ? choice(area, level, verbs) : null,
      error ? el("section", { class: "sec" }, el("div", { class: "trouble", role: "alert" }, error.text)) : null,
      answer ? section(t(`division.${op}.list`), String(changed.length), list(changed)) : null,
      answer
        ? section(
            t("division.sums"),
            null,
            effectTable([{ head: [t("fig.now")], figures: answer.totals_before }], {
              before: answer.totals_before,
              after: answer.totals_after,
              head: t("division.after"),
            }),
          )
        : null,
      found
        ? section(t("check.title"), found.told, found.list)
        : null,
    ].filter(Boolean),
    actions: el(
      "div",
      { class: "act" },
      el(
        "button",
        { class: "btn", type: "button", onclick: verbs.cancel, "data-key": "cancel", "data-escape": true },
        t("act.cancel"),
        el("kbd", {}, "Esc"),
      ),
      el(
        "button",
        {
          class: "btn pri",
          type: "button",
          "data-key": "save",
          onclick: ready ? verbs.save : null,
          "aria-disabled": ready ? null : "true",
        },
        t(`division.${op}.save`),
        el("kbd", {}, "Enter"),
      ),
      el("p", { class: "note" }, t("preview.note")),
    ),
  });
}
