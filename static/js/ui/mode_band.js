// Says in a band over the map that nothing can be changed now, and why; buttons that would change something stay where
// they are and tell the same. Mark them with `data-writes`.
import { boot } from "../data/boot.js";
import { t } from "../data/i18n.js";
import { mode } from "../data/mode.js";
import { page } from "../data/page.js";
import { dialog } from "./dialog.js";
import { el } from "./dom.js";
import { icon } from "./icon.js";
import { say } from "./say.js";
import { toast } from "./toast.js";

const WRITES = "[data-writes]";
const band = el("div", { class: "band", role: "status", hidden: true });

function mark(root) {
  for (const button of root.querySelectorAll?.(WRITES) ?? []) {
    if ("closed" in button.dataset) continue;
    button.dataset.closed = button.getAttribute("aria-disabled") ?? "";
    button.dataset.title = button.title;
    button.setAttribute("aria-disabled", "true");
    if (!button.classList.contains("tool")) button.title = mode.why(); // tools have a tip of their own
  }
}

function free() {
  for (const button of document.querySelectorAll("[data-closed]")) {
    if (button.dataset.closed) button.setAttribute("aria-disabled", button.dataset.closed);
    else button.removeAttribute("aria-disabled");
    button.title = button.dataset.title;
    delete button.dataset.closed;
    delete button.dataset.title;
  }
}

const watcher = new MutationObserver((changes) => {
  for (const change of changes) if (change.addedNodes.length) mark(change.target);
});

function show() {
  const why = mode.why();
  watcher.disconnect();
  band.hidden = !why;
  if (!why) {
    free();
    toast(t("mode.open"));
    return;
  }
  band.replaceChildren(icon("lock", "s"), el("b", {}, t("mode.word")), el("span", {}, why));
  mark(document);
  watcher.observe(document.body, { childList: true, subtree: true });
  say.politely(`${t("mode.word")} ${why}`);
}

/** Begins to watch. */
export function watchMode() {
  document.getElementById("map").prepend(band);
  page.on("closed", show);
  addEventListener(
    "click",
    (event) => {
      if (!page.closed || !event.target.closest?.(WRITES)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      toast(mode.why(), { kind: "bad" });
    },
    true,
  );
  mode.take(boot.mode ?? { mode: "normal" });
}

/** An administrator closes the store for everybody, with a word why, or opens it again. */
export function modeDialog() {
  const closing = !page.closed;
  const note = el("input", { class: "input", type: "text", maxlength: "200", id: "mode-note" });
  const problem = el("p", { class: "trouble", role: "alert", hidden: true });
  const go = async () => {
    try {
      await mode.change(closing, note.value.trim());
      shut();
    } catch (error) {
      problem.textContent = error.text;
      problem.hidden = false;
    }
  };
  const { node, shut } = dialog({
    title: t(closing ? "mode.close" : "mode.reopen"),
    body: [
      el("p", {}, t(closing ? "mode.close-what" : "mode.reopen-what")),
      closing ? el("div", { class: "form" }, el("label", { for: "mode-note" }, t("mode.note")), note) : null,
      problem,
    ].filter(Boolean),
    actions: [
      el("button", { class: "btn", type: "button", onclick: () => shut() }, t("act.cancel")),
      el(
        "button",
        { class: "btn pri", type: "button", onclick: go, "data-key": "mode" },
        t(closing ? "mode.close" : "mode.reopen"),
      ),
    ],
  });
  (closing ? note : node.querySelector(".pri")).focus();
}
