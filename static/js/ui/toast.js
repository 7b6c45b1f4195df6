// A line that says what was just done and offers to take it back; it leaves by itself.
import { el } from "./dom.js";
import { icon } from "./icon.js";
import { say } from "./say.js";

const STAYS_MS = 6000;
const host = el("div", { class: "toasts" });
document.getElementById("map").append(host);

/** What goes may have the focus: the map gets it, where there is one. */
function letGo(node) {
  if (node.contains(document.activeElement)) document.querySelector("#canvas canvas")?.focus();
}

/** @param {string} text @param {{action?: string, onAction?: () => void, kind?: string}} [options] */
export function toast(text, { action, onAction, kind = "ok" } = {}) {
  const button = action
    ? el(
        "button",
        {
          class: "lk",
          type: "button",
          onclick: () => {
            shut();
            onAction();
          },
        },
        action,
      )
    : null;
  const line = el("div", { class: "toast" }, icon(kind, "s"), el("span", {}, text), button);
  let timer = setTimeout(shut, STAYS_MS);
  function shut() {
    clearTimeout(timer);
    letGo(line);
    line.remove();
  }
  for (const kind of ["pointerenter", "focusin"]) line.addEventListener(kind, () => clearTimeout(timer));
  for (const kind of ["pointerleave", "focusout"])
    line.addEventListener(kind, () => {
      clearTimeout(timer);
      timer = setTimeout(shut, STAYS_MS / 2);
    });
  letGo(host);
  host.replaceChildren(line);
  (kind === "bad" ? say.now : say.politely)(text);
}
