// The foot's coordinates: the place under the pointer or the cross-hair, in the system one chose; a click copies it.
import { coordinates } from "../data/coordinates.js";
import { t } from "../data/i18n.js";
import { el } from "./dom.js";
import { popover } from "./popover.js";
import { toast } from "./toast.js";

let place = [0, 0];
const text = el("button", { type: "button", class: "it at", title: t("coordinates.copy"), onclick: copy });
const system = el("button", {
  type: "button",
  class: "it system",
  "aria-haspopup": "menu",
  "aria-expanded": "false",
  title: t("coordinates.title"),
  onclick: choose,
});

/** Into the clipboard; pages without HTTPS have none, there a selected text is copied. */
async function put(words) {
  try {
    await navigator.clipboard.writeText(words);
    return true;
  } catch {
    const field = el("textarea", { class: "visually-hidden", "aria-hidden": "true", tabindex: "-1" }, words);
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  }
}

async function copy() {
  const words = coordinates.plain(place);
  const done = await put(words);
  text.focus();
  toast(t(done ? "coordinates.copied" : "coordinates.not-copied", { place: words }), { kind: done ? "ok" : "warn" });
}

function choose(event) {
  const anchor = event.currentTarget;
  popover.show(
    anchor,
    [
      el("h4", {}, t("coordinates.title")),
      ...coordinates.systems.map(({ id, name }) =>
        el(
          "button",
          {
            class: "mi",
            type: "button",
            role: "menuitemradio",
            "aria-checked": String(id === coordinates.chosen.id),
            "data-system": id,
            onclick: () => {
              coordinates.choose(id);
              popover.shut();
              write();
            },
          },
          name,
        ),
      ),
    ],
    { side: "left", label: t("coordinates.title") },
  );
}

function write() {
  const words = coordinates.shown(place);
  text.textContent = words;
  text.setAttribute("aria-label", t("coordinates.here", { place: words }));
  system.textContent = coordinates.chosen.short;
  system.setAttribute("aria-label", t("coordinates.chosen", { name: coordinates.chosen.name }));
}

export const footPlace = {
  text,
  system,
  /** @param {[number, number]} at lon, lat */
  tell(at) {
    place = at;
    write();
  },
};
