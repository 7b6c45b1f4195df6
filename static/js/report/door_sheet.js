// What more can be said of a door: how many live there now, a note that never leaves this phone, and that nobody was there yet.
import { t } from "../data/i18n.js";
import { dialog } from "../ui/dialog.js";
import { el } from "../ui/dom.js";
import { phone } from "./phone.js";

const MOST_PEOPLE = 99;

/** @param {object} place @param {number} door */
export function doorSheet(place, door) {
  if (document.querySelector("dialog[open]")) return;
  const mark = phone.record(place.key)?.doors[door] ?? {};
  const people = el("input", { class: "input", name: "people", type: "text", inputmode: "numeric", autocomplete: "off", value: mark.people ?? "" });
  const note = el("input", { class: "input", name: "note", maxlength: 120, autocomplete: "off", value: mark.note ?? "" });
  const save = (event) => {
    event.preventDefault();
    const typed = people.value.trim();
    const there = /^\d+$/.test(typed) ? Math.min(MOST_PEOPLE, Number(typed)) : undefined;
    const words = note.value.trim() || undefined;
    const next = { ...mark, people: there, note: words };
    for (const name of Object.keys(next)) if (next[name] === undefined) delete next[name];
    shut();
    phone.mark(place, door, Object.keys(next).length ? next : null).catch(() => {});
  };
  const clear = () => {
    shut();
    phone.mark(place, door, null).catch(() => {});
  };
  const { shut } = dialog({
    title: `${place.name} · ${t("rep.door", { n: door })}`,
    body: [
      el(
        "form",
        { id: "door-form", class: "sheet", onsubmit: save },
        el("label", { class: "field" }, el("span", {}, t("rep.people-here")), people),
        el("label", { class: "field" }, el("span", {}, t("rep.note")), note),
        el("p", { class: "hint" }, t("rep.note-stays")),
      ),
    ],
    actions: [
      mark.state ? el("button", { class: "btn", type: "button", onclick: clear }, t("rep.clear")) : null,
      el("button", { class: "btn pri", type: "submit", form: "door-form" }, t("rep.save")),
    ].filter(Boolean),
  });
  people.focus();
}
