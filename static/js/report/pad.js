// The pad in the lower half: the doors of one place and three keys. A tap on a door makes it the one at hand; a key marks it
// and goes on to the next open door.
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { page } from "../data/page.js";
import { el } from "../ui/dom.js";
import { icon } from "../ui/icon.js";
import { say } from "../ui/say.js";
import { doorSheet } from "./door_sheet.js";
import { numbers } from "./numbers.js";
import { phone } from "./phone.js";
import { baseOf, hasDoors, nextOpen, sums } from "./places.js";

const HOLD_MS = 550;
export const HELP = ["medical", "medicine", "supplies", "other"];
const MARKS = { done: ["ok", "dy"], absent: ["door", "dn"], help: ["help", "dh"] };

/** The place at hand, and its door; both chosen when nobody has. */
export function atHand(area) {
  const places = phone.places(area.code);
  const place = places.find((one) => one.key === page.place) ?? places.find((one) => sums(one, phone.record(one.key)).open !== 0) ?? places[0];
  if (!place) return {};
  const record = phone.record(place.key);
  const door = hasDoors(place) ? (page.door ?? nextOpen(place, record, place.households)) : null;
  return { place, record, door, places };
}

function stateWords(mark) {
  if (!mark?.state) return t("rep.door-open");
  return mark.kind ? `${t(`rep.${mark.state}`)}, ${t(`rep.help-${mark.kind}`)}` : t(`rep.${mark.state}`);
}

function set(place, door, mark) {
  const before = phone.record(place.key)?.doors[door];
  const kept = before ? Object.fromEntries(Object.entries(before).filter(([name]) => name === "people" || name === "note")) : {};
  phone.mark(place, door, { ...kept, ...mark }).catch(() => {});
  const record = phone.record(place.key);
  const next = nextOpen(place, record, door);
  page.set({ place: place.key, door: next ?? door, helping: false });
  say.politely(`${t("rep.door", { n: door })} ${stateWords(mark)}. ${next ? t("rep.door-next", { n: next }) : t("rep.complete")}`);
}

/** Arrow keys walk over the doors; Home and End go to the first and last. */
function walk(event, place, door) {
  const across = getComputedStyle(event.currentTarget).gridTemplateColumns.split(" ").length;
  const to = { ArrowLeft: door - 1, ArrowRight: door + 1, ArrowUp: door - across, ArrowDown: door + across, Home: 1, End: place.households }[event.key];
  if (to === undefined || to < 1 || to > place.households) return;
  event.preventDefault();
  page.set({ place: place.key, door: to });
  document.querySelector(`[data-key="door-${to}"]`)?.focus();
}

function doorButton(place, record, number, current) {
  const mark = record?.doors[number];
  const here = number === current;
  const look = here ? "dc" : (MARKS[mark?.state]?.[1] ?? "");
  const word = here && !mark?.state ? t("rep.now") : mark?.state === "absent" ? t("rep.absent-short") : mark?.state === "help" ? t(`rep.help-${mark.kind ?? "other"}`) : null;
  let timer = null,
    held = false;
  const open = () => {
    held = true;
    page.set({ place: place.key, door: number });
    doorSheet(place, number);
  };
  const release = () => clearTimeout(timer);
  return el(
    "button",
    {
      class: `door ${look}`,
      type: "button",
      "data-key": `door-${number}`,
      "data-mark": mark?.state ?? "",
      tabindex: here ? 0 : -1,
      "aria-current": here ? "true" : null,
      "aria-label": [t("rep.door", { n: number }), stateWords(mark), mark?.people >= 0 ? t("rep.people", { n: mark.people, count: mark.people }) : ""].filter(Boolean).join(", "),
      onclick: () => {
        if (!held) page.set({ place: place.key, door: number, helping: false });
        held = false;
      },
      onpointerdown: () => {
        held = false;
        timer = setTimeout(open, HOLD_MS);
      },
      onpointerup: release,
      onpointerleave: release,
      onpointercancel: release,
      oncontextmenu: (event) => {
        event.preventDefault();
        release();
        if (!held) open();
      },
    },
    el("b", {}, number),
    mark?.state === "done" ? icon("ok", "s") : null,
    word ? el("span", {}, word) : null,
    mark?.note || mark?.people >= 0 ? el("i", { "aria-hidden": "true" }) : null,
  );
}

function keys(place, door) {
  const key = (name, mark, look) =>
    el(
      "button",
      { class: `btn ${look}`, type: "button", "data-key": mark, onclick: () => (mark === "help" ? page.set({ helping: true }) : set(place, door, { state: mark })) },
      icon(name),
      el("span", {}, t(`rep.${mark}`)),
    );
  if (page.helping)
    return el(
      "div",
      { class: "keys help", role: "group", "aria-label": t("rep.help") },
      ...HELP.map((kind) => el("button", { class: "btn", type: "button", "data-key": `help-${kind}`, onclick: () => set(place, door, { state: "help", kind }) }, t(`rep.help-${kind}`))),
      el("button", { class: "btn quiet icon", type: "button", "data-key": "help-back", "aria-label": t("rep.back"), onclick: () => page.set({ helping: false }) }, icon("close")),
    );
  return el(
    "div",
    { class: "keys", role: "group", "aria-label": t("rep.keys", { n: door }) },
    key("ok", "done", "pri k1"),
    key("door", "absent", "k2"),
    key("help", "help", "k3"),
  );
}

function nextPlace(places, place) {
  const from = places.indexOf(place);
  for (let step = 1; step < places.length; step += 1) {
    const other = places[(from + step) % places.length];
    if (sums(other, phone.record(other.key)).open !== 0) return other;
  }
  return null;
}

/** @param {object} area */
export function pad(area) {
  const { place, record, door, places } = atHand(area);
  if (!place) return [];
  const { last } = phone;
  const undo = el(
    "button",
    {
      class: "lk",
      type: "button",
      "data-key": "undo",
      disabled: !last,
      onclick: () => {
        const back = phone.undo();
        if (!back) return;
        page.set({ place: back.place.key, door: back.door ?? null, helping: false });
        say.politely(t("rep.undone"));
      },
    },
    t("rep.undo"),
  );
  const head = el(
    "div",
    { class: "ph" },
    el("h2", { id: "pad-title" }, place.name, door ? [" · ", el("span", {}, t("rep.door", { n: door }))] : null),
    door
      ? el("button", { class: "btn quiet icon", type: "button", "data-key": "details", "aria-label": t("rep.details", { n: door }), onclick: () => doorSheet(place, door) }, icon("edit"))
      : null,
    undo,
  );
  const known = record ? record.base : baseOf(place);
  const before = known
    ? el(
        "p",
        { class: "base" },
        icon("info", "s"),
        el("span", {}, t("rep.base", { done: known.done, absent: known.absent })),
        el("button", { class: "lk", type: "button", "data-key": "restart", onclick: () => phone.restart(place).catch(() => {}) }, t("rep.restart")),
      )
    : null;
  if (!hasDoors(place)) return [head, before, numbers(place, record)];
  const now = sums(place, record);
  const next = now.open === 0 || nextOpen(place, record, door) === null ? nextPlace(places, place) : null;
  return [
    head,
    before,
    el(
      "div",
      {
        class: "doors",
        role: "group",
        "data-scroll": "doors",
        "aria-label": t("rep.households", { n: place.households, count: place.households }),
        onkeydown: (event) => walk(event, place, door),
      },
      ...Array.from({ length: place.households }, (_, index) => doorButton(place, record, index + 1, door)),
    ),
    next
      ? el(
          "button",
          { class: "btn next", type: "button", "data-key": "next", onclick: () => page.set({ place: next.key, door: null, helping: false, shown: next.key }) },
          el("span", {}, t("rep.next", { name: next.name })),
          icon("right"),
        )
      : null,
    keys(place, door),
    now.counted && now.present === null ? el("p", { class: "mute t1" }, t("rep.people-counted", { n: now.counted, m: format.number(place.households) })) : null,
  ];
}
