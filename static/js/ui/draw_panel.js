// The effect of a new area before it is saved: what it holds, who gives how much, checks, save; or why it cannot be drawn.
import { boot } from "../data/boot.js";
import { t } from "../data/i18n.js";
import { el } from "./dom.js";
import { effectTable } from "./effect_table.js";
import { figureSections } from "./figure_sections.js";
import { figureText } from "./figure_text.js";
import { findingsList } from "./findings_list.js";
import { normStrip } from "./norm_strip.js";
import { places } from "./places.js";
import { side } from "./side.js";
import { tableHead } from "./table_head.js";

const { section } = figureSections;
const COLUMNS = 3;
const RESTS = ["new", "parts"];

/** Who gives: households now and after. */
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

/** What shall become of an area that falls into pieces. */
function choice(rest, verbs) {
  return section(
    t("draw.rest"),
    null,
    el(
      "div",
      { class: "seg", role: "radiogroup", "aria-label": t("draw.rest") },
      RESTS.map((way) =>
        el(
          "button",
          { class: "tg", type: "button", role: "radio", "aria-checked": String(rest === way), "data-key": `rest ${way}`, onclick: () => verbs.rest(way) },
          t(`draw.rest-${way}`),
        ),
      ),
    ),
  );
}

function norm(made) {
  const own = made[0]?.after?.norm;
  if (!own || (own.min === null && own.max === null)) return null;
  const now = made.filter((one) => one.after?.households !== null).map((one) => ({ letter: t("draw.tag"), side: "b", value: one.after.households }));
  return section(t("card.norm", { range: `${own.min ?? ""}–${own.max ?? ""}` }), figureText.verdict(own), normStrip(own, { now }));
}

/**
 * @param {{answer: object | null, made: object[], givers: object[], rest: string | null, refusal?: Error | null}} state
 * @param {{cancel: () => void, save: () => void, rest: (way: string) => void, see: (where: [number, number]) => void}} verbs
 */
export function drawPanel({ answer, made, givers, rest, refusal = null }, verbs) {
  const same = answer && ["households", "population"].every((key) => answer.totals_before[key] === answer.totals_after[key]);
  const cut = answer?.findings.some((finding) => finding.kind === "building-cut");
  const holds = [same ? t("check.conserved") : t("check.clean"), cut || !boot.map.has.buildings ? null : t("check.no-building")];
  const found = answer && findingsList(answer.findings, { holds: holds.filter(Boolean), onPlace: verbs.see });
  const head = (one) => [el("span", { class: "tag b" }, t("draw.tag")), el("br"), places.short({ name: one.name, code: one.next_code ?? one.code })];
  const columns = made.slice(0, COLUMNS).map((one) => ({ head: head(one), figures: one.after, strong: true }));
  const ready = answer && !found.errors;
  side.show("draw", {
    title: t("preview.draw"),
    chip: el("span", { class: "chip edit" }, t("preview.unsaved")),
    sub: givers.length ? t("draw.from", { what: givers.map((area) => places.short(area)).join(" + ") }) : null,
    body: [
      refusal
        ? el(
            "section",
            { class: "sec" },
            el(
              "div",
              { class: "trouble" },
              el("span", {}, refusal.text, refusal.body?.areas?.length ? ` (${refusal.body.areas.map(places.tail).join("、")})` : ""),
              refusal.where
                ? el("div", { class: "r" }, el("button", { class: "lk", type: "button", onclick: () => verbs.see(refusal.where) }, t("finding.see")))
                : null,
            ),
          )
        : null,
      refusal?.code === "parts" || rest ? choice(rest, verbs) : null,
      answer ? section(null, null, effectTable(columns, null)) : null,
      norm(made),
      givers.length ? section(t("draw.givers"), figureText.households(answer.totals_before.households), giving(givers)) : null,
      found ? section(t("check.title"), t("check.count", { errors: found.errors, notes: found.notes }), found.list) : null,
    ].filter(Boolean),
    actions: el(
      "div",
      { class: "act" },
      el("button", { class: "btn", type: "button", onclick: verbs.cancel, "data-key": "cancel" }, t("act.cancel"), el("kbd", {}, "Esc")),
      el(
        "button",
        { class: "btn pri", type: "button", onclick: ready ? verbs.save : null, "data-key": "save", "aria-disabled": ready ? null : "true" },
        t("preview.save-draw"),
        el("kbd", {}, "Enter"),
      ),
      el("p", { class: "note" }, t("preview.note")),
    ),
  });
}
