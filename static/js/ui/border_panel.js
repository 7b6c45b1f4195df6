// The effect of a moved border before it is saved: each area now and then, the norm, checks, save; or why it cannot be.
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { border } from "../edit/operations/border.js";
import { el } from "./dom.js";
import { effectParts } from "./effect_parts.js";
import { effectTable } from "./effect_table.js";
import { figureSections } from "./figure_sections.js";
import { figureText } from "./figure_text.js";
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
    tableHead(t("fig.now"), t("draw.after"), t("fig.change"), ""),
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

/**
 * @param {string} op names the texts: preview.<op>, preview.save-<op>
 * @param {{answer: object | null, pieces: object[], refusal?: Error | null, offers?: object[],
 *   lead?: Node | Array<Node | null> | null, unsaved?: boolean}} state `lead` comes first, `offers` are ways out of a refusal; pieces: see
 *   edit/operations/border.js
 * @param {{cancel: () => void, save: () => void, see: (where: [number, number]) => void}} verbs
 */
export function borderPanel(op, { answer, pieces, refusal = null, offers = [], lead = null, unsaved = true }, verbs) {
  const { node, ready } = effectParts.checks(answer, verbs.see);
  const verdicts = pieces.slice(0, SIDE_BY_SIDE).map((piece) => figureText.verdict(piece.after?.norm, { short: true }));
  side.show(op, {
    title: t(`preview.${op}`),
    chip: unsaved ? el("span", { class: "chip edit" }, t("preview.unsaved")) : null,
    sub: pieces.length ? pieces.map((piece) => places.short(piece)).join(" · ") : null,
    body: [
      lead,
      effectParts.refusal(refusal, verbs.see, offers),
      answer ? section(null, null, pieces.length > SIDE_BY_SIDE ? list(pieces, answer) : both(pieces)) : null,
      answer ? effectParts.norm(pieces[0]?.after?.norm, pieces, { right: el("span", { class: "r" }, verdicts) }) : null,
      node,
    ].filter(Boolean),
    actions: effectParts.actions(op, ready, verbs),
  });
}
