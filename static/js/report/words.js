// The three words of a report: on phone, sent, received; and what stands in the way of the third.
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { el } from "../ui/dom.js";
import { icon } from "../ui/icon.js";
import { phone } from "./phone.js";

const LOOKS = { phone: ["phone", "c-stale"], sent: ["cloud", "c-info"], received: ["ok", "c-ok"], refused: ["bad", "c-bad"] };

/** @param {"phone" | "sent" | "received" | "refused"} state */
export function stateWord(state) {
  const [name, tone] = LOOKS[state];
  return el("span", { class: `st ${tone}`, "data-state": state }, icon(name), t(`rep.${state}`));
}

/** What stands for a place in the list: the state of its newest report, else what the server said, else nothing. */
export function stateOf(place) {
  const item = phone.latest(place.key);
  if (item && (item.state !== "received" || phone.record(place.key))) return item.state;
  return place.at ? "received" : null;
}

/** The name of the place a report is of; after a sign-out only its key is left. */
export function nameOf(item) {
  if (item.name) return item.name;
  for (const area of phone.areas) for (const place of phone.places(area.code)) if (place.key === item.key) return place.name;
  return t("rep.place-unknown");
}

/** "14:05" today, else "11-21 14:05" */
export function clock(time) {
  const text = format.time(new Date(time).toISOString());
  return new Date(time).toDateString() === new Date().toDateString() ? text.slice(-5) : text;
}
