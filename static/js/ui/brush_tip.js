// The lines of the tip while buildings are painted: how many come, how many households, what the area has then.
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { border } from "../edit/operations/border.js";
import { brush } from "../edit/operations/brush.js";
import { el } from "./dom.js";
import { figureText } from "./figure_text.js";
import { places } from "./places.js";

/** @param {object} answer of the preview @param {object[]} pieces the receiving area first @returns {HTMLElement[]} */
export function brushTip(answer, [own, ...others]) {
  const n = brush.gained(own),
    change = border.change(own);
  const gives = others.slice(0, 2).map((piece) => `${places.short(piece)} ${figureText.households(piece.after?.households)}`);
  const gone = answer.changed.filter((one) => one.retired).map((one) => t("brush.retires", { area: places.short(one) }));
  return [
    el(
      "div",
      { class: "r" },
      el("span", {}, t("brush.tip", { n: format.signed(n), count: n })),
      change === null ? null : el("span", {}, t("brush.tip-homes", { n: format.signed(change) })),
      el("span", {}, `→ ${places.short(own)}`),
      el("span", { class: "n" }, figureText.households(own.after?.households)),
      figureText.word(own.after?.norm),
    ),
    gives.length || gone.length ? el("div", { class: "x" }, [...gone, ...gives].join(" · ")) : null,
  ].filter(Boolean);
}
