// The side panel: shows one card at a time and keeps the focus where it was when a card is renewed.
import { t } from "../data/i18n.js";
import { el } from "./dom.js";
import { icon } from "./icon.js";

const host = document.getElementById("side");
const HEIGHTS = ["low", "mid", "high"];
const CALM = ["totals", "empty"];
let shown = null;

/** On small screens the panel is a sheet of three heights. */
const grip = el("button", {
  class: "grip",
  type: "button",
  "aria-label": t("side.height"),
  onclick: () => {
    const now = HEIGHTS.indexOf(host.dataset.sheet);
    host.dataset.sheet = HEIGHTS[(now + 1) % HEIGHTS.length];
  },
});

// What somebody is typing outlives the renewal of its card; left, it counts as changed like anything typed. Browsers take a
// field out of hand when it goes, and tell of a change nobody made: while a card is renewed nobody hears of it.
let renewing = false;
for (const kind of ["change", "blur", "focusout"]) host.addEventListener(kind, (event) => renewing && event.stopImmediatePropagation(), true);
host.addEventListener("input", ({ target }) => target.dataset.typed ??= "here");
host.addEventListener("change", ({ target }) => delete target.dataset.typed);
host.addEventListener("focusout", ({ target }) => target.dataset.typed === "before" && target.dispatchEvent(new Event("change", { bubbles: true })));

/** The field in hand: its key, what is typed and not taken yet, and what of it is selected. */
function held() {
  const one = document.activeElement;
  if (!host.contains(one) || !one.dataset.key) return null;
  const ranged = ["text", "search"].includes(one.type);
  return {
    key: one.dataset.key,
    typed: one.dataset.typed ? one.value : null,
    whole: Boolean(one.value) && document.getSelection()?.toString() === one.value,
    range: ranged ? [one.selectionStart, one.selectionEnd] : null,
  };
}

function hold({ key, typed, whole, range }) {
  const one = host.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (!one) return;
  one.focus({ preventScroll: true });
  if (typed !== null && one.value !== typed) [one.value, one.dataset.typed] = [typed, "before"];
  if (whole) one.select?.();
  else if (range && one.value) one.setSelectionRange?.(...range);
}

export const side = {
  get shown() {
    return shown?.id ?? null;
  },

  /** Whether a card waits for a decision: no other card may take its place. */
  get asks() {
    return Boolean(shown?.asks);
  },

  /** The decision is made. */
  release() {
    if (shown) shown.asks = false;
  },

  /**
   * @param {string} id a card with the id shown already is renewed in place: scroll and focus stay
   * @param {{title: string, chip?: Node | null, sub?: Node | string | null, body: Node[], actions?: Node | null,
   *   onShut?: (() => void) | null, asks?: boolean}} card
   */
  show(id, { title, chip = null, sub = null, body, actions = null, onShut = null, asks = false }) {
    if (shown?.asks && !asks) return;
    const same = shown?.id === id;
    const hand = same ? held() : null;
    const inside = host.contains(document.activeElement);
    const top = same ? (host.querySelector(".scroll")?.scrollTop ?? 0) : 0;
    const shut = onShut
      ? el(
          "button",
          {
            class: "btn quiet icon shut",
            type: "button",
            "aria-label": t("side.shut"),
            onclick: onShut,
            "data-key": "shut",
          },
          icon("close", "s"),
        )
      : null;
    renewing = true;
    host.replaceChildren(
      grip,
      el("div", { class: "hd" }, el("h2", {}, el("span", {}, title), chip, shut), sub ? el("p", {}, sub) : null),
      el("div", { class: "scroll" }, ...body),
      ...(actions ? [actions] : []),
    );
    renewing = false;
    host.setAttribute("aria-label", title);
    host.querySelector(".scroll").scrollTop = top;
    if (hand) hold(hand);
    if (inside && !host.contains(document.activeElement)) host.focus({ preventScroll: true }); // what had it is gone
    if (!same) host.dataset.sheet = CALM.includes(id) ? "low" : host.dataset.sheet === "high" ? "high" : "mid";
    shown = { id, asks };
  },

  /** What is told there was saved: nothing waits any more, though the next card may be long on its way. */
  done() {
    for (const one of host.querySelectorAll(".hd .chip.edit, .act")) one.remove();
  },

  /** @param {"low" | "mid" | "high"} height of the sheet on small screens */
  height(height) {
    host.dataset.sheet = height;
  },
};
