// The rail: tools with icon, word and key; undo and redo carry the name of what they would take back.
import { TOOLS, WRITING } from "../edit/tools.js";
import { t } from "../data/i18n.js";
import { mode } from "../data/mode.js";
import { page } from "../data/page.js";
import { el } from "./dom.js";
import { icon } from "./icon.js";
import { menuItem } from "./menu_item.js";
import { watchMode } from "./mode_band.js";
import { popover } from "./popover.js";

const MORE_KEY = "0";
const host = document.getElementById("rail");
const why = el("div", { class: "why", role: "tooltip", hidden: true });
document.body.append(why);

function tell(button, words) {
  why.textContent = words;
  why.hidden = false;
  const at = button.getBoundingClientRect();
  why.style.left = `${at.right + 6}px`;
  why.style.top = `${Math.min(at.top + 8, innerHeight - 60)}px`;
}

function tool({ id, key, icon: name }, onclick) {
  const button = el(
    "button",
    {
      class: "tool",
      type: "button",
      "data-tool": id,
      "data-writes": WRITING.has(id),
      tabindex: "-1",
      "aria-keyshortcuts": key,
      onclick,
    },
    icon(name),
    el("span", {}, t(`tool.${id}`)),
    key ? el("span", { class: "k", "aria-hidden": "true" }, key) : null,
  );
  const hint = () => {
    const words = ("writes" in button.dataset && mode.why()) || button.dataset.why;
    if (words) tell(button, words);
  };
  button.addEventListener("pointerenter", hint);
  button.addEventListener("focus", hint);
  for (const name of ["pointerleave", "blur", "click"])
    button.addEventListener(name, () => {
      why.hidden = true;
    });
  return button;
}

/** The button behind which rarer tools lie. */
function more(entries, use) {
  const button = tool({ id: "more", key: MORE_KEY, icon: "more" }, () =>
    popover.show(
      button,
      entries.map((entry) =>
        menuItem([icon(entry.icon, "s"), t(`tool.${entry.id}`), el("span", { class: "r k" }, entry.key)], () => use(entry.id, true), { "data-key": `more ${entry.id}` }),
      ),
      { label: t("tool.more") },
    ),
  );
  button.setAttribute("aria-haspopup", "dialog");
  return button;
}

/** One tab stop; arrow keys walk inside. */
function walk(event) {
  const steps = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };
  if (!(event.key in steps)) return;
  event.preventDefault();
  const buttons = [...host.querySelectorAll(".tool")];
  const now = buttons.indexOf(document.activeElement);
  const next = buttons[(now + steps[event.key] + buttons.length) % buttons.length];
  for (const button of buttons) button.tabIndex = button === next ? 0 : -1;
  next.focus();
}

/**
 * @param {{use: (id: string, byKey: boolean) => void, undo: () => void, redo: () => void}} verbs
 * @returns {{undoable: (undo: string | null, redo: string | null) => void}} names of what can be taken back, null
 *   when nothing
 */
export function rail({ use, undo, redo }) {
  const groups = [...new Set(TOOLS.map((entry) => entry.group))];
  const parts = groups.flatMap((group, i) => [
    ...(i ? [el("hr")] : []),
    ...TOOLS.filter((entry) => entry.group === group && !entry.more).map((entry) => tool(entry, (event) => use(entry.id, event.detail === 0))),
    ...(TOOLS.some((entry) => entry.group === group && entry.more) ? [more(TOOLS.filter((entry) => entry.group === group && entry.more), use)] : []),
  ]);
  const back = tool(
    { id: "undo", key: "", icon: "undo" },
    () => back.getAttribute("aria-disabled") !== "true" && undo(),
  );
  const forth = tool(
    { id: "redo", key: "", icon: "redo" },
    () => forth.getAttribute("aria-disabled") !== "true" && redo(),
  );
  const edits = TOOLS.some((entry) => entry.id === "split" || entry.id === "zone");
  host.append(...parts, el("span", { class: "sp" }), ...(edits ? [back, forth] : []));
  document.getElementById("look-only").hidden = !edits; // shown where there is no room for tools
  host.addEventListener("keydown", walk);
  host.querySelector(".tool").tabIndex = 0;
  const press = () => {
    const held = TOOLS.find((entry) => entry.id === page.tool);
    for (const button of host.querySelectorAll("[data-tool]"))
      if (!["undo", "redo", "export"].includes(button.dataset.tool))
        button.setAttribute("aria-pressed", String(button.dataset.tool === page.tool || (button.dataset.tool === "more" && held?.more === true)));
  };
  page.on("tool", press);
  press();
  const offer = (button, key, name) => {
    if ("closed" in button.dataset) button.dataset.closed = String(!name);
    else button.setAttribute("aria-disabled", String(!name));
    button.dataset.why = name ? t(`${key}.what`, { what: name }) : t(`${key}.nothing`);
    button.setAttribute("aria-label", button.dataset.why);
  };
  const undoable = (undoName, redoName) => {
    offer(back, "undo", undoName);
    offer(forth, "redo", redoName);
  };
  undoable(null, null);
  watchMode();
  return { undoable };
}
