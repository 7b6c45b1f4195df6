// The effect of a merge before it is saved: the areas picked, which code stays, what comes out.
import { gaps } from "../data/gaps.js";
import { t } from "../data/i18n.js";
import { el } from "./dom.js";
import { effectParts } from "./effect_parts.js";
import { effectTable } from "./effect_table.js";
import { figureSections } from "./figure_sections.js";
import { figureText } from "./figure_text.js";
import { places } from "./places.js";
import { side } from "./side.js";
import { tableHead } from "./table_head.js";

const { section } = figureSections;

function choice(areas, keep, verbs) {
  return el(
    "table",
    { class: "eff" },
    tableHead(t("fig.households"), t("fig.people")),
    el(
      "tbody",
      {},
      areas.map((area) =>
        el(
          "tr",
          {},
          el(
            "th",
            { scope: "row" },
            el(
              "label",
              { class: "check" },
              el("input", {
                type: "radio",
                name: "keep",
                value: area.code,
                checked: area.code === keep,
                "data-key": `keep ${area.code}`,
                onchange: () => verbs.keep(area.code),
              }),
              places.title(area),
              " ",
              el("span", { class: "mute t1" }, places.short(area)),
            ),
          ),
          el("td", { class: "v" }, figureText.number(area.households)),
          el("td", {}, figureText.number(area.population)),
        ),
      ),
    ),
  );
}

/**
 * @param {{areas: object[], keep: string | null, answer: object | null, refusal?: Error | null, offers?: object[], parts?: boolean}} state
 * @param {{keep: (code: string) => void, parts: () => void, cancel: () => void, save: () => void, see: (where: [number, number]) =>
 *   void}} verbs
 */
export function mergePanel({ areas, keep, answer, refusal = null, offers = [], parts = false }, verbs) {
  const one = answer?.changed.find((area) => !area.retired);
  const body = [
    section(
      t("merge.keeps"),
      areas.length > 1 ? el("kbd", {}, "K") : null,
      areas.length ? choice(areas, keep, verbs) : el("p", { class: "hint" }, t("merge.pick")),
      areas.length === 1 ? el("p", { class: "hint" }, t("merge.pick-more")) : null,
    ),
  ];
  if (refusal) body.push(effectParts.refusal(refusal, verbs.see, offers));
  body.push(effectParts.parts(parts, verbs.parts));
  const { node, ready } = effectParts.checks(one ? answer : null, verbs.see);
  if (one) {
    const now = gaps.together(answer.totals_before, answer.changed.map((area) => area.before));
    body.push(
      section(
        t("merge.result"),
        figureText.verdict(one.after?.norm),
        effectTable(
          [
            { head: [t("fig.now")], figures: now },
            { head: [t("merge.after")], figures: one.after, strong: true },
          ],
          { before: now, after: one.after, head: t("fig.change"), change: true },
        ),
      ),
    );
    const { norm, households } = one.after ?? {};
    body.push(typeof households === "number" ? effectParts.norm(norm, [], { old: households }) : null, node);
  }
  side.show("merge", {
    title: t("preview.merge"),
    chip: answer ? el("span", { class: "chip edit" }, t("preview.unsaved")) : null,
    sub: areas.length ? areas.map((area) => places.short(area)).join(" + ") : null,
    body: body.filter(Boolean),
    actions: effectParts.actions("merge", ready, verbs, one ? undefined : null),
  });
}
