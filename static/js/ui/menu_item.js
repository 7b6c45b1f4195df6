// One entry of a menu: it shuts the menu and does what it says.
import { el } from "./dom.js";
import { popover } from "./popover.js";

/** @param {Array|string|Node} words @param {() => void} onclick @param {object} more further attributes */
export const menuItem = (words, onclick, more = {}) =>
  el(
    "button",
    {
      class: "mi",
      type: "button",
      onclick: () => {
        popover.shut();
        onclick();
      },
      ...more,
    },
    ...[words].flat(),
  );
