// The lines of the tip of a cut in two: what the border follows, buildings it cuts, households on either side.
import { t } from "../data/i18n.js";
import { halve } from "../edit/operations/halve.js";
import { el } from "./dom.js";
import { figureText } from "./figure_text.js";

/** @param {object} answer of the preview @param {object[]} pieces @returns {HTMLElement[]} */
export function halveTip(answer, pieces) {
  const { follows, along, cut } = halve.border(answer);
  const words = [
    follows ? t("halve.follows", { what: follows }) : null,
    !follows && along !== null ? t("divide.along", { n: along }) : null,
    t("divide.cut", { n: cut }),
  ];
  return [
    el("div", { class: "x" }, words.filter(Boolean).join(" · ")),
    ...pieces.map((piece) =>
      el(
        "div",
        { class: "r" },
        el("span", { class: `tag ${piece.side}` }, piece.letter),
        el("span", { class: "n" }, figureText.households(piece.after?.households)),
        figureText.word(piece.after?.norm),
      ),
    ),
  ];
}
