// The three lines of the tip while splitting: what each side gets, then length, what is crossed, whether it snapped.
import { boot } from "../data/boot.js";
import { t } from "../data/i18n.js";
import { el } from "./dom.js";
import { figureText } from "./figure_text.js";

const SIDES = 3;

/** @returns {HTMLElement[]} */
export function splitTip(answer, pieces, words) {
  const line = (piece) =>
    el(
      "div",
      { class: "r" },
      el("span", { class: `tag ${piece.side}` }, piece.letter),
      el("span", { class: "n" }, figureText.households(piece.after?.households)),
      figureText.people(piece.after?.population),
      figureText.word(piece.after?.norm),
    );
  const crossed = answer.findings.find((finding) => finding.kind === "building-cut");
  const all = [
    ...words,
    crossed ? t("check.building", { n: crossed.code, count: Number(crossed.code) }) : null,
    !crossed && boot.map.has.buildings ? t("split.no-building") : null,
  ];
  const rows = pieces.slice(0, SIDES).map(line);
  if (pieces.length > SIDES) rows.push(el("div", { class: "r mute" }, t("split.more", { n: pieces.length - SIDES })));
  return [...rows, el("div", { class: "x" }, all.filter(Boolean).join(" · "))];
}
