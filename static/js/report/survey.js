// The list of places of an area: how far one is, place by place; one of them is at hand in the pad below.
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { page } from "../data/page.js";
import { el } from "../ui/dom.js";
import { icon } from "../ui/icon.js";
import { phone } from "./phone.js";
import { atHand } from "./pad.js";
import { progress, sums } from "./places.js";
import { stateOf, stateWord } from "./words.js";

const WIDTH = 358;

/** Households visited and not met as a bar, with the numbers beside it. */
export function progressBar(area) {
  const pairs = phone.places(area.code).map((place) => [place, phone.record(place.key)]);
  const { total, done, absent, unknown } = progress(pairs);
  const part = (count) => (total ? Math.round((count / total) * WIDTH) : 0);
  const left = total - done;
  const label = t("rep.progress-label", { done, absent, total });
  return el(
    "section",
    { class: "prog", "aria-label": t("rep.progress") },
    el(
      "div",
      { class: "r" },
      el("b", {}, format.number(done)),
      el("span", {}, t("rep.of", { total: format.number(total) })),
      el("span", { class: "mute" }, left ? t("rep.left", { n: format.number(left), absent }) : t("rep.all-done")),
    ),
    el(
      "svg",
      { viewBox: `0 0 ${WIDTH} 10`, preserveAspectRatio: "none", role: "img", "aria-label": label },
      el("rect", { class: "pg0", width: WIDTH, height: 10 }),
      el("rect", { class: "pg1", width: part(done), height: 10 }),
      absent ? el("rect", { class: "pg2", x: part(done) + 2, width: Math.max(3, part(absent) - 2), height: 10 }) : null,
    ),
    unknown ? el("p", { class: "mute t1" }, t("rep.unknown-places", { n: unknown, count: unknown })) : null,
  );
}

function line(place) {
  const record = phone.record(place.key);
  const now = sums(place, record);
  const households = place.households === null ? t("rep.households-unknown") : t("rep.households", { n: place.households, count: place.households });
  const help = now.help ? [t("rep.n-help", { n: now.help, count: now.help })] : [];
  if (place.households === 0 && !now.known) return [t("rep.none-listed")];
  if (!now.known) return [households, t("rep.not-yet")];
  if (now.open === 0 && !now.absent) return [households, t("rep.complete"), ...help];
  const parts = [households, t("rep.n-done", { n: now.done })];
  if (now.absent) parts.push(t("rep.n-absent", { n: now.absent }));
  parts.push(...help);
  if (now.open) parts.push(t("rep.n-open", { n: now.open }));
  return parts;
}

function row(place, here) {
  const state = stateOf(place);
  return el(
    "li",
    { class: here ? "on" : "" },
    el(
      "button",
      { type: "button", "data-key": place.key, "aria-current": here ? "true" : null, onclick: () => page.set({ place: place.key, door: null, helping: false, shown: place.key }) },
      el("span", { class: "w" }, el("b", {}, place.name), el("span", { class: "p" }, ...line(place).map((words) => el("span", {}, words)))),
      state ? stateWord(state) : icon("right", "mute"),
    ),
  );
}

/** @param {object} area */
export function survey(area) {
  const places = phone.places(area.code);
  const now = atHand(area).place?.key;
  return [
    progressBar(area),
    el("ul", { class: "bl", "aria-label": t("rep.places") }, ...places.map((place) => row(place, place.key === now))),
  ];
}
