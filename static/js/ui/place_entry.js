// Coordinates can be typed: longitude and latitude in degrees, in either order where it is clear.
import { t } from "../data/i18n.js";
import { el } from "./dom.js";
import { popover } from "./popover.js";

const NUMBER = /-?\d+(?:\.\d+)?/g;

/** @param {string} text @returns {[number, number] | null} (lon, lat) */
export function readPlace(text) {
  const found = text.match(NUMBER)?.map(Number) ?? [];
  if (found.length !== 2) return null;
  const [a, b] = found;
  const [lon, lat] = Math.abs(b) > 90 ? [b, a] : [a, b];
  return Math.abs(lon) <= 180 && Math.abs(lat) <= 90 ? [lon, lat] : null;
}

/** @param {HTMLElement} anchor @param {(place: [number, number]) => void} onPlace */
export function askPlace(anchor, onPlace) {
  const wrong = el("small", { class: "c-bad", role: "alert" });
  const input = el("input", {
    class: "input",
    id: "place-entry",
    autocomplete: "off",
    inputmode: "decimal",
    placeholder: "121.583214 29.842117",
    "aria-label": t("place.label"),
  });
  const form = el(
    "form",
    {
      class: "filter",
      onsubmit: (event) => {
        event.preventDefault();
        const place = readPlace(input.value);
        if (!place) {
          input.setAttribute("aria-invalid", "true");
          wrong.textContent = t("place.wrong");
          return;
        }
        popover.shut();
        onPlace(place);
      },
    },
    el("label", { for: "place-entry", class: "t1 mute" }, t("place.label")),
    input,
    wrong,
  );
  popover.show(anchor, [form], { label: t("place.title") });
}
