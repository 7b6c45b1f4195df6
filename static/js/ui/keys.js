// Keys of the page. Single letters rest while a text field has the focus and can be switched off in the user menu.
import { TOOLS } from "../edit/tools.js";
import { t } from "../data/i18n.js";
import { page } from "../data/page.js";
import { dialog } from "./dialog.js";
import { el } from "./dom.js";
import { askPlace } from "./place_entry.js";
import { popover } from "./popover.js";
import { side } from "./side.js";

const SPOTS = ["canvas", "side", "foot"];
const editable = (node) =>
  node?.closest?.("input, select, textarea, [contenteditable]") && !["checkbox", "radio"].includes(node.type);

/** The button of the panel that says it is what Enter does, else null. */
const promised = () => {
  const button = document.querySelector("#side .act .btn.pri");
  return button?.querySelector("kbd")?.textContent === "Enter" ? button : null;
};

/** What has the focus takes Enter for itself: a link, a button, a choice that is not made yet. */
const takesEnter = (node) => Boolean(node.closest?.("button:not([role=radio][aria-checked=true]), a, summary, [role=option]"));

/** What has the focus in the panel leaves Enter to the panel: a field in no form, a choice that is made. */
const leavesEnter = (node) => Boolean(node.closest?.("#side")) && !node.form && !takesEnter(node) && (!editable(node) || node.type === "number");

/** What the list of keys shows. */
const LISTED = [
  [
    "tools",
    [
      ...TOOLS.map((tool) => [tool.key, `tool.${tool.id}`]),
      ...(TOOLS.some((tool) => tool.more) ? [["0", "tool.more"]] : []),
      ["Esc", "keys.escape"],
      ["Ctrl Z", "undo.word"],
      ["Ctrl Shift Z", "redo.word"],
    ],
  ],
  [
    "draw",
    [
      ["Space", "keys.point"],
      ["Enter", "keys.enter"],
      ["Enter ×2", "keys.finish"],
      ["Backspace", "keys.back"],
      ["K", "keys.keep"],
      ["[ ]", "keys.vertex"],
      ["Del", "keys.vertex-delete"],
      ["L", "keys.lasso"],
      ["Ctrl", "keys.paint-out"],
      ["S", "keys.snap"],
      ["T", "keys.trace"],
      ["Alt", "keys.no-snap"],
    ],
  ],
  [
    "crosshair",
    [
      ["G", "keys.crosshair"],
      ["J", "keys.place"],
      ["← ↑ → ↓", "keys.step"],
      ["Shift ← ↑ → ↓", "keys.small-step"],
    ],
  ],
  [
    "map",
    [
      ["← ↑ → ↓", "keys.pan"],
      ["+ −", "keys.zoom"],
      ["Tab", "keys.walk"],
      ["Esc Tab", "keys.leave"],
      ["Shift", "keys.add"],
      ["Alt ↑", "keys.parent"],
      ["Ctrl F", "search.title"],
      ["F6", "keys.cycle"],
      ["F8", "keys.problem"],
      ["U", "keys.unassigned"],
      ["?", "keys.title"],
    ],
  ],
];

export function showKeys() {
  dialog({
    title: t("keys.title"),
    body: [
      el(
        "div",
        { class: "keys" },
        LISTED.map(([group, keys]) =>
          el(
            "section",
            {},
            el("h3", {}, t(`keys.${group}`)),
            el(
              "dl",
              {},
              keys.map(([key, what]) => el("div", {}, el("dt", {}, t(what)), el("dd", {}, el("kbd", {}, key)))),
            ),
          ),
        ),
      ),
      el("p", { class: "mute t1" }, t("keys.off")),
    ],
  });
}

function cycle(back) {
  const spots = SPOTS.map((id) =>
    id === "canvas" ? document.querySelector("#canvas canvas") : document.getElementById(id),
  );
  const now = spots.findIndex((spot) => spot === document.activeElement || spot.contains?.(document.activeElement));
  const next = spots[(now + (back ? -1 : 1) + spots.length) % spots.length];
  next.tabIndex = next.tabIndex < 0 ? -1 : next.tabIndex;
  if (!next.hasAttribute("tabindex")) next.tabIndex = -1;
  next.focus();
}

/**
 * @param {{desk: import("../edit/desk.js").Desk, find: () => void, use: (id: string, byKey: boolean) => void, undo: () => void, redo:
 *   () => void, parent: () => void, problem: (by: 1 | -1) => void, unassigned: () => void, toggleSnap: () => void}} verbs
 */
export function watchKeys(verbs) {
  const map = document.getElementById("map");
  const canvas = document.querySelector("#canvas canvas");
  let leaving = false; // Esc, then Tab: out of the map (no keyboard trap, WCAG 2.1.2)
  canvas.setAttribute("aria-describedby", "map-keys");
  map.append(el("span", { class: "visually-hidden", id: "map-keys" }, t("keys.on-map")));
  addEventListener(
    "keydown",
    (event) => {
      if (event.key === "Tab" || event.key === "F6") map.classList.add("by-key");
    },
    true,
  );
  addEventListener("pointerdown", () => map.classList.remove("by-key"), true);
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
    const onMap = event.target === canvas;
    if (event.key === "Tab" && onMap && !event.ctrlKey && !event.altKey && !event.metaKey) {
      if (!leaving && verbs.desk.walk(event.shiftKey ? -1 : 1)) event.preventDefault();
      leaving = false;
      return;
    }
    if (event.key !== "Shift") leaving = onMap && event.key === "Escape";
    const command = event.ctrlKey || event.metaKey,
      typing = editable(event.target);
    const done = (verb) => {
      event.preventDefault();
      verb();
    };
    if (command && event.key.toLowerCase() === "f") return done(verbs.find);
    if (command && event.key.toLowerCase() === "z" && !typing) return done(event.shiftKey ? verbs.redo : verbs.undo);
    if (command && event.key.toLowerCase() === "y" && !typing) return done(verbs.redo);
    if (event.key === "F8") return done(() => verbs.problem(event.shiftKey ? -1 : 1));
    if (event.key === "F6") return done(() => cycle(event.shiftKey));
    if (event.altKey && event.key === "ArrowUp") return done(verbs.parent);
    if (event.key === "Escape") {
      if (popover.shut() || (typing && (event.target.blur(), true))) return undefined;
      const cancel = document.querySelector("#side [data-escape]");
      return done(() => (cancel ? cancel.click() : verbs.desk.escape()));
    }
    if (command || event.altKey) return undefined;
    if (event.key === "Enter" && promised() && leavesEnter(event.target))
      return done(() => {
        if (!typing) return promised().ariaDisabled === "true" ? verbs.desk.finish() : promised().click();
        event.target.blur(); // the field is done; the next Enter is for what comes of it
        canvas.focus();
      });
    if (typing) return undefined;
    const onButton = event.target.closest?.("button, a, summary, [role=option]");
    if (onButton && (event.key === "Enter" || event.key === " " || event.key.startsWith("Arrow"))) return undefined;
    if (event.key === "Enter" && side.asks) return done(() => document.querySelector("#side .act .btn.pri").click());
    if (verbs.desk.key(event)) return event.preventDefault();
    if (!page.singleKeys) return undefined;
    if (event.key === "?") return done(showKeys);
    const letter = event.key.toUpperCase();
    if (letter === "G") return done(() => verbs.desk.cross());
    if (letter === "J") return done(() => askPlace(document.getElementById("hint"), (place) => verbs.desk.typed(place)));
    if (letter === "S") return done(verbs.toggleSnap);
    if (letter === "U") return done(verbs.unassigned);
    if (letter === "T") return done(() => verbs.desk.trace());
    const more = letter === "0" && document.querySelector("#rail [data-tool=more]");
    if (more) return done(() => more.click());
    const tool = TOOLS.find((entry) => entry.key === letter);
    if (tool) return done(() => verbs.use(tool.id, true));
    return undefined;
  });
}
