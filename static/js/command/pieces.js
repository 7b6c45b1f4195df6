// The pieces of which the cards of the command page are made: heading with an age, rows of figures, the word for nothing.
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { el } from "../ui/dom.js";
import { icon } from "../ui/icon.js";

const pad = (n) => String(n).padStart(2, "0");

export const pieces = {
  /** @param {string} title @param {...(Node | string | null)} right */
  head: (title, ...right) => el("h2", {}, title, el("span", {}, ...right)),

  /** "14:31", with the day when it is not today; empty when unknown. @param {string | null | undefined} iso */
  clock(iso) {
    if (!iso) return "";
    const moment = new Date(iso),
      now = new Date();
    const time = `${pad(moment.getHours())}:${pad(moment.getMinutes())}`;
    if (moment.toDateString() === now.toDateString()) return time;
    const next = new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1);
    return moment.toDateString() === next.toDateString()
      ? t("command.tomorrow", { t: time })
      : `${pad(moment.getMonth() + 1)}-${pad(moment.getDate())} ${time}`;
  },

  /** Seconds since a time, null when there is none. @param {string | null | undefined} iso */
  since: (iso) => (iso ? Math.max(0, (Date.now() - new Date(iso)) / 1000) : null),

  /** @param {Array<[string, Node | string]>} pairs name and figure, side by side */
  figures: (...pairs) =>
    el(
      "dl",
      { class: "kv" },
      pairs.filter(Boolean).map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))),
    ),

  /** A number, or the word unknown in grey. */
  number: (value) =>
    value === null || value === undefined
      ? el("span", { class: "unknown" }, t("value.unknown"))
      : document.createTextNode(format.number(value)),

  /** What a card says when there is nothing to say, and why. @param {string} key @param {string} [name] of the picture */
  nothing: (key, name = "info") => el("p", { class: "nothing" }, icon(name, "s"), el("span", {}, t(key))),

  /** Says how the reading stands when it brought no figures: coming, not there, refused. @param {object | undefined} reading */
  absent(reading, none) {
    if (!reading) return pieces.nothing("command.coming", "clock");
    if (reading.missing) return pieces.nothing(none);
    return reading.data ? null : el("p", { class: "nothing" }, icon("warn", "s"), el("span", {}, reading.text));
  },
};
