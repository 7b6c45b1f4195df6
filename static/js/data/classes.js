// From numbers to the few classes of a legend: the norm where there is one, else five steps.
import { format } from "./format.js";
import { t } from "./i18n.js";

const RATE_STEPS = [0.4, 0.6, 0.8, 0.95];
const LEFT_TO_DO_FIRST = ["p-1", "p-2", "p-3", "p-4", "p-5"];

/** A step of 1, 2 or 5 times a power of ten, near a tenth of the spread. */
function stepFor(spread) {
  const size = 10 ** Math.floor(Math.log10(Math.max(spread / 10, 1)));
  return size * (spread / 10 / size >= 5 ? 5 : spread / 10 / size >= 2 ? 2 : 1);
}

/** Ascending round breaks at the fifths of the values, doubles dropped. */
function fifths(values) {
  const sorted = values.filter((value) => value !== null).sort((a, b) => a - b);
  if (!sorted.length) return [];
  const at = (share) => sorted[Math.floor(share * (sorted.length - 1))];
  const step = stepFor(at(0.9) - at(0.1));
  const breaks = [0.2, 0.4, 0.6, 0.8].map((share) => Math.round(at(share) / step) * step);
  return [...new Set(breaks)].filter((value) => value > sorted[0] && value <= sorted.at(-1));
}

/** The range as text when all areas share it, else null. */
function shared(figures) {
  const low = new Set(figures.norm_min.filter((value) => value !== null)),
    high = new Set(figures.norm_max.filter((value) => value !== null));
  return low.size === 1 && high.size === 1 ? { min: [...low][0], max: [...high][0] } : null;
}

function byNorm(figures) {
  const range = shared(figures);
  const label = (key) => (range ? t(`legend.${key}-range`, range) : t(`legend.${key}`));
  const classes = [
    { id: "over", token: "d-over1", mark: "over", label: label("over") },
    { id: "in", token: "d-in", mark: null, label: label("in") },
    { id: "under", token: "d-under1", mark: "under", label: label("under") },
    { id: "none", token: "m-land", mark: null, label: t("legend.no-norm") },
  ];
  const of = figures.value.map((value, i) => {
    const [min, max] = [figures.norm_min[i], figures.norm_max[i]];
    if (value === null) return -1;
    if (min === null && max === null) return 3;
    return max !== null && value > max ? 0 : min !== null && value < min ? 2 : 1;
  });
  return { classes, of };
}

function bySteps(metric, figures) {
  const rate = metric.type === "rate";
  const breaks = rate ? RATE_STEPS : fifths(figures.value);
  const shown = rate ? (value) => Math.round(value * 100) : format.number;
  const count = breaks.length + 1;
  const ramp =
    count >= 5
      ? LEFT_TO_DO_FIRST
      : count === 4
        ? ["p-1", "p-2", "p-4", "p-5"]
        : count === 3
          ? ["p-1", "p-3", "p-5"]
          : count === 2
            ? ["p-2", "p-5"]
            : ["p-4"];
  const tokens = rate ? ramp : [...ramp].reverse();
  const unit = rate ? " %" : "";
  const classes = tokens.map((token, i) => {
    const from = breaks[i - 1],
      to = breaks[i];
    const label =
      count === 1
        ? t("legend.all")
        : i === 0
          ? `<${shown(to)}${unit}`
          : i === count - 1
            ? `≥${shown(from)}${unit}`
            : `${shown(from)}–${shown(to)}${unit}`;
    return { id: `step-${i}`, token, mark: null, label };
  });
  const of = figures.value.map((value) => (value === null ? -1 : breaks.filter((limit) => value >= limit).length));
  return { classes, of };
}

/**
 * @param {{id: string, type: string}} metric
 * @param {{value: Array<number|null>, norm_min?: Array<number|null>, norm_max?: Array<number|null>}} figures
 * @returns {{classes: Array<{id: string, token: string, mark: string|null, label: string, count: number}>, of:
 *   number[], unknown: number, norm: boolean}}
 *   `of` gives each area's class, -1 = unknown
 */
export function classify(metric, figures) {
  const norm =
    metric.id === "households" &&
    Boolean(figures.norm_min) &&
    [...figures.norm_min, ...figures.norm_max].some((value) => value !== null);
  const { classes, of } = norm ? byNorm(figures) : bySteps(metric, figures);
  classes.forEach((entry, index) => {
    entry.count = of.filter((value) => value === index).length;
    entry.index = index;
  });
  return {
    classes: norm ? classes.filter((entry) => entry.id !== "none" || entry.count) : classes,
    of,
    unknown: of.filter((value) => value === -1).length,
    norm,
  };
}
