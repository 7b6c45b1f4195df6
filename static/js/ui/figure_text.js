// The pieces of which every card is made: number or "unknown", verdict of the norm, shares.
import { boot } from "../data/boot.js";
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { named } from "../data/named.js";
import { el } from "./dom.js";
import { icon } from "./icon.js";

const COLOURS = { over: "c-warn", under: "", in: "c-ok" };

export const figureText = {
  /** @returns {string} "62 户", or the word unknown without a unit */
  households: (n) =>
    n === null || n === undefined ? t("value.unknown") : t("unit.households", { n: format.number(n) }),

  /** @returns {string} "152 人", empty when unknown: the word stands before it already */
  people: (n) => (n === null || n === undefined ? "" : t("unit.people", { n: format.number(n) })),

  /**
   * The figure the map is coloured by, of one area: "62 户", "到岗率 93 %".
   * @param {{metric: {id: string, type: string}, of: Map<number, number | null>} | null} legend
   * @param {number} fid
   * @returns {string} empty when nothing is told of the area
   */
  shown(legend, fid) {
    const value = legend?.of.get(fid);
    if (value === undefined) return "";
    const { id, type, unit } = legend.metric;
    if (id === "households") return `${value === null ? `${t("fig.households")} ` : ""}${figureText.households(value)}`;
    const number = value !== null && type === "rate" ? format.percent(value) : format.number(value);
    return [named(boot.metrics, id), number, boot.lang === "zh" && value !== null ? unit : ""].filter(Boolean).join(" ");
  },

  /** @param {number | null | undefined} value @returns {Node} a number, or the word unknown in small grey */
  number: (value) =>
    value === null || value === undefined
      ? el("span", { class: "unknown mute" }, t("value.unknown"))
      : document.createTextNode(format.number(value)),

  /**
   * @param {{verdict: string, difference: number, min: number|null, max: number|null} | null | undefined} norm
   * @returns {Node | null} "▲ 超上限 27 户"
   */
  verdict(norm, { short = false } = {}) {
    if (!norm || !(norm.verdict in COLOURS)) return null;
    const n = Math.abs(norm.difference ?? 0);
    const words =
      short && norm.verdict !== "in" ? t(`norm.${norm.verdict}-short`, { n }) : t(`norm.${norm.verdict}`, { n });
    return el(
      "span",
      { class: `chip ${norm.verdict === "over" ? "warn" : norm.verdict === "in" ? "ok" : "plain"}` },
      norm.verdict === "in" ? icon("ok", "s") : icon(norm.verdict, "solid"),
      words,
    );
  },

  /** The same without a ground, for the tip. */
  word(norm) {
    if (!norm || !(norm.verdict in COLOURS)) return null;
    const n = Math.abs(norm.difference ?? 0);
    return el(
      "span",
      { class: `r ${COLOURS[norm.verdict]}` },
      norm.verdict === "in" ? null : icon(norm.verdict, "solid"),
      t(`norm.${norm.verdict}`, { n }),
    );
  },

  /** @param {number} share 0..1 @param {string} label for those who do not see the bar */
  bar: (share, label) =>
    el(
      "svg",
      { class: "bar", viewBox: "0 0 100 3", preserveAspectRatio: "none", role: "img", "aria-label": label },
      el("rect", { class: "b0", width: 100, height: 3 }),
      el("rect", { class: "b1", width: Math.round(share * 1000) / 10, height: 3 }),
    ),
};
