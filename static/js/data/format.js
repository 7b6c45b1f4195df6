// Numbers, lengths, ages and places as people read them; unknown, zero and absent never look alike.
import { boot } from "./boot.js";
import { t } from "./i18n.js";

const locale = boot.lang === "zh" ? "zh-CN" : "en-GB";
const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
const one = new Intl.NumberFormat(locale, { maximumFractionDigits: 1, minimumFractionDigits: 1 });
const two = new Intl.NumberFormat(locale, { maximumFractionDigits: 2, minimumFractionDigits: 2 });
const MINUTE = 60,
  HOUR = 3600,
  DAY = 86400;

const withSeparator = (value) => whole.format(value).replace("-", "−");

export const format = {
  /** 9,341; the word for unknown when null. */
  number: (value) => (value === null || value === undefined ? t("value.unknown") : withSeparator(value)),
  /** Names one after the other, by the comma of the language. @param {string[]} words */
  list: (words) => words.join(t("list.comma")),
  /** +3, −2, 0 */
  signed: (value) => (value > 0 ? `+${withSeparator(value)}` : withSeparator(value)),
  /** 0.926 -> "93 %"; never rounds up to 100 nor down to 0. */
  percent(share) {
    if (share === null || share === undefined) return t("value.unknown");
    const hundred = share * 100;
    const shown =
      share < 1 && hundred > 99
        ? Math.floor(hundred * 10) / 10
        : share > 0 && hundred < 1
          ? Math.ceil(hundred * 10) / 10
          : Math.round(hundred);
    return `${shown} %`;
  },
  /** metres -> "61.0 m", "1.28 km" */
  length: (metres) => (metres < 1000 ? `${one.format(metres)} m` : `${two.format(metres / 1000)} km`),
  /** square metres -> "0.47 ha", "830 m²", "12.40 km²" */
  area: (m2) =>
    m2 < 1000 ? `${whole.format(m2)} m²` : m2 < 1e6 ? `${two.format(m2 / 1e4)} ha` : `${two.format(m2 / 1e6)} km²`,
  /** square metres -> hectares without unit, for a column whose head names the unit */
  hectares: (m2) =>
    m2 === null || m2 === undefined ? t("value.unknown") : m2 < 1e6 ? two.format(m2 / 1e4) : one.format(m2 / 1e4),
  /** seconds -> "3 天前" */
  age(seconds) {
    if (seconds === null || seconds === undefined) return t("age.unknown");
    const [unit, size] =
      seconds < MINUTE
        ? ["second", 1]
        : seconds < HOUR
          ? ["minute", MINUTE]
          : seconds < 2 * DAY
            ? ["hour", HOUR]
            : ["day", DAY];
    const count = Math.max(0, Math.floor(seconds / size));
    return t(`age.${unit}`, { n: count, count });
  },
  /** ISO time -> "11-21 14:32", with the year only when it differs */
  time(iso) {
    const moment = new Date(iso);
    if (Number.isNaN(moment.valueOf())) return iso ?? "";
    const pad = (n) => String(n).padStart(2, "0");
    const year = moment.getFullYear() === new Date().getFullYear() ? "" : `${moment.getFullYear()}-`;
    const day = `${year}${pad(moment.getMonth() + 1)}-${pad(moment.getDate())}`;
    return `${day} ${pad(moment.getHours())}:${pad(moment.getMinutes())}`;
  },
  /** (lon, lat) -> "121.583 214°E  29.842 067°N" */
  place(lon, lat) {
    const shown = (value, plus, minus) => {
      const [degrees, rest] = Math.abs(value).toFixed(6).split(".");
      return `${degrees}.${rest.slice(0, 3)} ${rest.slice(3)}°${value < 0 ? minus : plus}`;
    };
    return `${shown(lon, "E", "W")}  ${shown(lat, "N", "S")}`;
  },
  /** 1904 -> "1:1 900" */
  scale(denominator) {
    const digits = Math.max(1, 10 ** (Math.floor(Math.log10(denominator)) - 1));
    return `1:${String(Math.round(denominator / digits) * digits).replace(/\B(?=(\d{3})+$)/g, " ")}`;
  },
};
