// The letter of a zone on its colour: the same in cards, tables and on the map.
import { boot } from "../data/boot.js";
import { t } from "../data/i18n.js";
import { zoneColour } from "../map/images.js";
import { el } from "./dom.js";

/** @param {string} kind @param {string} [status] a proposal's letter carries a question mark, a lifted zone has its own */
export function zoneTag(kind, status = "in_force") {
  const letter = boot.zone_kinds.find((entry) => entry.id === kind)?.letter ?? {};
  const shown = letter[boot.lang] ?? letter.zh ?? "";
  return status === "lifted"
    ? el("span", { class: "tag gone" }, t("zone.lifted-letter"))
    : el("span", { class: `tag ${zoneColour(kind)}` }, `${shown}${status === "proposed" ? "?" : ""}`);
}
