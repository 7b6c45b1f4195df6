// The effect of a new area before it is saved: what it holds, who gives how much, checks, save; or why it cannot be drawn.
import { format } from "../data/format.js";
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
const COLUMNS = 3;
const NEW = "+1"; // the code of the new area until it is saved

/** Who gives or gets: households now and after. */
function giving(givers) {
  return el(
    "table",
    { class: "eff" },
    tableHead(t("fig.now"), t("draw.after"), ""),
    el(
      "tbody",
      {},
      givers.map((area) =>
        el(
          "tr",
          {},
          el("th", { scope: "row" }, places.short(area)),
          el("td", { class: "was" }, figureText.number(area.before?.households)),
          el("td", { class: "v" }, area.retired ? "0" : figureText.number(area.after?.households)),
          el("td", {}, area.retired ? el("span", { class: "c-warn" }, t("draw.retires")) : figureText.verdict(area.after?.norm, { short: true })),
        ),
      ),
    ),
  );
}

/** What shall become of an area that falls into pieces: who would get what is cut off is named. */
function choice(rest, to, verbs) {
  const called = (code) => (code === NEW ? t("draw.new") : places.called(code));
  const ways = [
    ...(to.length || rest === "give" ? [["give", to.length ? t("draw.rest-give-to", { to: format.list(to.map(called)) }) : t("draw.rest-give")]] : []),
    ...["new", "parts"].map((way) => [way, t(`draw.rest-${way}`)]),
  ];
  return section(
    t("draw.rest"),
    null,
    el(
      "div",
      { class: "seg wrap", role: "radiogroup", "aria-label": t("draw.rest") },
      ways.map(([way, words]) =>
        el(
          "button",
          { class: "tg", type: "button", role: "radio", "aria-checked": String(rest === way), "data-key": `rest ${way}`, onclick: () => verbs.rest(way) },
          words,
        ),
      ),
    ),
  );
}

/**
 * @param {{answer: object | null, made: object[], givers: object[], takers: object[], rest: string | null, to: string[],
 *   refusal?: Error | null}} state `to`: codes of those who would get what is cut off
 * @param {{cancel: () => void, save: () => void, rest: (way: string) => void, see: (where: [number, number]) => void}} verbs
 */
export function drawPanel({ answer, made, givers, takers, rest, to, refusal = null }, verbs) {
  const { node, ready } = effectParts.checks(answer, verbs.see);
  const head = (one) => [el("span", { class: "tag b" }, t("draw.tag")), el("br"), places.short({ name: one.name, code: one.next_code ?? one.code })];
  const own = made[0]?.after?.norm;
  const columns = made.slice(0, COLUMNS).map((one) => ({ head: head(one), figures: one.after, strong: true }));
  side.show("draw", {
    title: t("preview.draw"),
    chip: el("span", { class: "chip edit" }, t("preview.unsaved")),
    sub: givers.length ? t("draw.from", { what: givers.map((area) => places.short(area)).join(" + ") }) : null,
    body: [
      effectParts.refusal(refusal, verbs.see),
      refusal?.code === "parts" || rest ? choice(rest, to, verbs) : null,
      answer ? section(null, null, effectTable(columns, null)) : null,
      effectParts.norm(own, made.map((one) => ({ letter: t("draw.tag"), side: "b", after: one.after })), { right: own ? figureText.verdict(own) : null }),
      givers.length ? section(t("draw.givers"), figureText.households(answer.totals_before.households), giving(givers)) : null,
      takers.length ? section(t("draw.takers"), null, giving(takers)) : null,
      node,
    ].filter(Boolean),
    actions: effectParts.actions("draw", ready, verbs),
  });
}
