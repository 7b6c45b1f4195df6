// The norm as a strip: a green band from least to most, the old value hollow, the new ones as letters upon it.
import { t } from "../data/i18n.js";
import { el } from "./dom.js";

const WIDE = 340,
  TOP = 16,
  HIGH = 28,
  DIGIT = 6.2; // of the numbers below it
/** How far apart two numbers below the strip have to stand. */
const apart = (one, other) => ((`${one}`.length + `${other}`.length) / 2) * DIGIT + 5;

/** Pushes marks apart so that none covers another. */
function spread(marks, gap) {
  const sorted = [...marks].sort((a, b) => a.x - b.x);
  for (let i = 1; i < sorted.length; i++) sorted[i].x = Math.max(sorted[i].x, sorted[i - 1].x + gap);
  const excess = Math.max(0, (sorted.at(-1)?.x ?? 0) - (WIDE - 10));
  for (const mark of sorted) mark.x = Math.max(10, mark.x - excess);
}

/**
 * @param {{min: number | null, max: number | null}} norm
 * @param {{old?: number | null, now?: Array<{letter: string, side: string, value: number}>}} values
 * @returns {SVGElement}
 */
export function normStrip({ min, max }, { old = null, now = [] }) {
  const values = [old, ...now.map((mark) => mark.value)].filter((value) => value !== null);
  const low = min ?? 0,
    high = max ?? Math.max(low * 2, ...values, 1);
  const top = Math.max(high * 1.5, ...values.map((value) => value * 1.08));
  const x = (value) => Math.round(Math.max(0, Math.min(1, value / top)) * (WIDE - 20)) + 10;
  const tick = (value) => `M${x(value)} ${TOP - 4}v${HIGH + 8}`;
  const marks = now.map((mark) => ({ ...mark, x: x(mark.value) }));
  spread(marks, 20);
  const middle = TOP + HIGH / 2;
  const text = (at, y, words, anchor = "") => el("text", { class: `nt ${anchor}`, x: at, y }, words);
  const out = old !== null && ((max !== null && old > max) || (min !== null && old < min));
  const label = [old === null ? null : `${old}`, ...now.map((mark) => `${mark.letter} ${mark.value}`)]
    .filter(Boolean)
    .join(", ");
  const parts = [
    el("rect", { class: "nx", x: 0, y: TOP, width: WIDE, height: HIGH }),
    el("rect", { class: "nband", x: x(low), y: TOP, width: Math.max(1, x(high) - x(low)), height: HIGH }),
    el("path", {
      class: "nline",
      d: [min === null ? "" : tick(low), max === null ? "" : tick(high)].join(""),
    }),
    text((x(low) + x(high)) / 2, 11, t("norm.band")),
  ];
  const ends = [min === null ? null : [x(low), low], max === null ? null : [x(high), high]].filter(Boolean);
  const tight = ends.length > 1 && x(high) - x(low) < apart(low, high); // then they stand aside of their lines
  for (const [k, [at, value]] of ends.entries()) parts.push(text(at, 59, value, tight ? (k ? "st" : "en") : ""));
  if (old !== null) {
    const near = marks.length
      ? marks.reduce((best, mark) => (Math.abs(mark.x - x(old)) < Math.abs(best - x(old)) ? mark.x : best), marks[0].x)
      : null;
    if (near !== null && Math.abs(near - x(old)) > 24)
      parts.push(
        el("path", {
          class: "narrow",
          d: `M${x(old) - Math.sign(x(old) - near) * 8} ${middle}H${near + Math.sign(x(old) - near) * 12}`,
        }),
      );
    parts.push(el("circle", { class: `nold ${out ? "out" : ""}`, cx: x(old), cy: middle, r: 6 }));
    if (ends.every(([at, value]) => Math.abs(at - x(old)) > apart(value, old) * (tight ? 2 : 1))) parts.push(text(x(old), 59, old));
  }
  for (const mark of marks)
    parts.push(
      el("rect", { class: `badge-${mark.side}`, x: mark.x - 9, y: middle - 9, width: 18, height: 18, rx: 3 }),
      el("text", { class: "badge-t", x: mark.x, y: middle + 4.5 }, mark.letter),
    );
  return el(
    "svg",
    {
      class: "norm",
      viewBox: `0 0 ${WIDE} 62`,
      role: "img",
      "aria-label": t("norm.strip", { range: `${min ?? ""}–${max ?? ""}`, values: label }),
    },
    ...parts,
  );
}
