// The lines of the tip while a border moves: who gets what, by how much that is more or less, then what is true of the line.
import { boot } from "../data/boot.js";
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { border } from "../edit/operations/border.js";
import { el } from "./dom.js";
import { figureText } from "./figure_text.js";

const SIDES = 3;

/** @param {object} answer @param {object[]} pieces @param {Array<string | null>} words @returns {HTMLElement[]} */
export function borderTip(answer, pieces, words) {
  const line = (piece) => {
    const change = border.change(piece);
    return el(
      "div",
      { class: "r" },
      el("span", { class: `tag ${piece.side}` }, piece.letter),
      el("span", { class: "n" }, figureText.households(piece.after?.households)),
      change === null ? null : el("span", { class: change ? "" : "mute" }, change ? format.signed(change) : "±0"),
      figureText.word(piece.after?.norm),
    );
  };
  const rows = pieces.slice(0, SIDES).map(line);
  if (pieces.length > SIDES) rows.push(el("div", { class: "r mute" }, t("split.more", { n: pieces.length - SIDES })));
  const crossed = answer.findings.find((finding) => finding.kind === "building-cut");
  const all = [
    ...words,
    crossed ? t("check.building", { n: crossed.code, count: Number(crossed.code) }) : null,
    !crossed && boot.map.has.buildings ? t("split.no-building") : null,
  ];
  return [...rows, el("div", { class: "x" }, all.filter(Boolean).join(" · "))];
}
