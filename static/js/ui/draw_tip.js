// The lines of the tip while drawing a new area: what it gets, who gives, then length, what is crossed, whether it snapped.
import { boot } from "../data/boot.js";
import { t } from "../data/i18n.js";
import { el } from "./dom.js";
import { figureText } from "./figure_text.js";
import { places } from "./places.js";

const GIVERS = 2;

/** "04-05 127 -> 82 户" */
function given(area) {
  return el(
    "div",
    { class: "r" },
    el("span", {}, places.short(area)),
    el("span", { class: "n" }, area.retired ? t("draw.retires") : figureText.households(area.after?.households)),
    area.retired ? null : figureText.word(area.after?.norm),
  );
}

/** @returns {HTMLElement[]} */
export function drawTip(answer, { made, givers, words }) {
  const crossed = answer.findings.find((finding) => finding.kind === "building-cut");
  const all = [
    ...words,
    crossed ? t("check.building", { n: crossed.code, count: Number(crossed.code) }) : null,
    !crossed && boot.map.has.buildings ? t("split.no-building") : null,
  ];
  const rows = made.map((area) =>
    el(
      "div",
      { class: "r" },
      el("span", { class: "tag b" }, t("draw.tag")),
      el("span", { class: "n" }, figureText.households(area.after?.households)),
      figureText.people(area.after?.population),
      figureText.word(area.after?.norm),
    ),
  );
  rows.push(...givers.slice(0, GIVERS).map(given));
  if (givers.length > GIVERS) rows.push(el("div", { class: "r mute" }, t("split.more", { n: givers.length - GIVERS })));
  return [...rows, el("div", { class: "x" }, all.filter(Boolean).join(" · "))];
}
