// The effect of a moved border before it is saved: each area now and then, the norm, checks, save; or why it cannot be.
import { boot } from "../data/boot.js";
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { border } from "../edit/operations/border.js";
import { el } from "./dom.js";
import { effectTable } from "./effect_table.js";
import { figureSections } from "./figure_sections.js";
import { figureText } from "./figure_text.js";
import { findingsList } from "./findings_list.js";
import { icon } from "./icon.js";
import { normStrip } from "./norm_strip.js";
import { places } from "./places.js";
import { side } from "./side.js";
import { tableHead } from "./table_head.js";

const { section } = figureSections;
const SIDE_BY_SIDE = 2;

const tag = (piece) => el("span", { class: `tag ${piece.side}` }, piece.letter);

/** Two areas: all figures, now and then. */
const both = (pieces) =>
  effectTable(
    pieces.flatMap((piece) => [
      { head: [tag(piece), el("br"), t("border.area-now")], figures: piece.before },
      { head: [places.short(piece), el("br"), t("border.area-then")], figures: piece.after, strong: true },
    ]),
    null,
  );

/** More areas: households now and then, one a row, the sum below. */
function list(pieces, answer) {
  return el(
    "table",
    { class: "eff" },
    tableHead(t("fig.now"), t("merge.after"), t("fig.change"), ""),
    el(
      "tbody",
      {},
      pieces.map((piece) => {
        const change = border.change(piece);
        return el(
          "tr",
          {},
          el("th", { scope: "row" }, tag(piece), " ", places.short(piece)),
          el("td", { class: "was" }, figureText.number(piece.before?.households)),
          el("td", { class: "v" }, figureText.number(piece.after?.households)),
          el("td", {}, change === null ? "" : change ? format.signed(change) : "±0"),
          el("td", {}, figureText.verdict(piece.after?.norm, { short: true })),
        );
      }),
      el(
        "tr",
        { class: "grp" },
        el("th", { scope: "row" }, t("fig.sum")),
        el("td", { class: "was" }, figureText.number(answer.totals_before.households)),
        el("td", { class: "v" }, figureText.number(answer.totals_after.households)),
        el("td", {}),
        el("td", {}),
      ),
    ),
  );
}

function norm(pieces) {
  const own = pieces[0]?.after?.norm;
  if (!own || (own.min === null && own.max === null)) return null;
  const now = pieces
    .filter((piece) => typeof piece.after?.households === "number")
    .map((piece) => ({ letter: piece.letter, side: piece.side, value: piece.after.households }));
  return section(
    t("card.norm", { range: `${own.min ?? ""}–${own.max ?? ""}` }),
    el("span", { class: "r" }, pieces.slice(0, SIDE_BY_SIDE).map((piece) => figureText.verdict(piece.after?.norm, { short: true }))),
    normStrip(own, { now }),
  );
}

/**
 * @param {string} op names the texts: preview.<op>, preview.save-<op>
 * @param {{answer: object | null, pieces: object[], refusal?: Error | null}} state pieces: see edit/operations/border.js
 * @param {{cancel: () => void, save: () => void, see: (where: [number, number]) => void}} verbs
 */
export function borderPanel(op, { answer, pieces, refusal = null }, verbs) {
  const same = answer && ["households", "population"].every((key) => answer.totals_before[key] === answer.totals_after[key]);
  const cut = answer?.findings.some((finding) => finding.kind === "building-cut");
  const holds = [same ? t("check.conserved") : t("check.clean"), cut || !boot.map.has.buildings ? null : t("check.no-building")];
  const found = answer && findingsList(answer.findings, { holds: holds.filter(Boolean), onPlace: verbs.see });
  const ready = answer && !found.errors;
  side.show(op, {
    title: t(`preview.${op}`),
    chip: el("span", { class: "chip edit" }, t("preview.unsaved")),
    sub: pieces.length ? pieces.map((piece) => places.short(piece)).join(" · ") : null,
    body: [
      refusal
        ? el(
            "section",
            { class: "sec" },
            el(
              "div",
              { class: "trouble" },
              el("span", { class: "r" }, icon("bad", "s"), refusal.words ?? refusal.text, refusal.body?.areas?.length ? ` (${refusal.body.areas.map(places.tail).join("、")})` : ""),
              refusal.where
                ? el("div", { class: "r" }, el("button", { class: "lk", type: "button", onclick: () => verbs.see(refusal.where) }, t("finding.see")))
                : null,
            ),
          )
        : null,
      answer ? section(null, null, pieces.length > SIDE_BY_SIDE ? list(pieces, answer) : both(pieces)) : null,
      answer ? norm(pieces) : null,
      found ? section(t("check.title"), t("check.count", { errors: found.errors, notes: found.notes }), found.list) : null,
    ].filter(Boolean),
    actions: el(
      "div",
      { class: "act" },
      el("button", { class: "btn", type: "button", onclick: verbs.cancel, "data-key": "cancel" }, t("act.cancel"), el("kbd", {}, "Esc")),
      el(
        "button",
        { class: "btn pri", type: "button", onclick: ready ? verbs.save : null, "data-key": "save", "aria-disabled": ready ? null : "true" },
        t(`preview.save-${op}`),
        el("kbd", {}, "Enter"),
      ),
      el("p", { class: "note" }, t("preview.note")),
    ),
  });
}
