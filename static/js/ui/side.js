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
    const key = same && host.contains(document.activeElement) ? document.activeElement.dataset?.key : null;
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
    host.replaceChildren(
      grip,
      el("div", { class: "hd" }, el("h2", {}, el("span", {}, title), chip, shut), sub ? el("p", {}, sub) : null),
      el("div", { class: "scroll" }, ...body),
      ...(actions ? [actions] : []),
    );
    host.setAttribute("aria-label", title);
    host.querySelector(".scroll").scrollTop = top;
    if (key) host.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
    if (!same) host.dataset.sheet = CALM.includes(id) ? "low" : host.dataset.sheet === "high" ? "high" : "mid";
    shown = { id, asks };
  },

  /** @param {"low" | "mid" | "high"} height of the sheet on small screens */
  height(height) {
    host.dataset.sheet = height;
  },
};
