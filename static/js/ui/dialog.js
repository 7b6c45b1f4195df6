// A dialog with title, body and buttons; Esc and the cross close it, focus goes back to where it was.
import { t } from "../data/i18n.js";
import { el } from "./dom.js";
import { icon } from "./icon.js";

/**
 * @param {{title: string, body: Node[], actions?: Node[], closable?: boolean}} content
 * @returns {{node: HTMLDialogElement, shut: () => void, closed: Promise<void>}}
 */
export function dialog({ title, body, actions = [], closable = true }) {
  const before = document.activeElement;
  const shut = () => node.close();
  const node = el(
    "dialog",
    { "aria-label": title },
    el(
      "div",
      { class: "hd" },
      el("h2", {}, title),
      closable
        ? el(
            "button",
            { class: "btn quiet icon", type: "button", "aria-label": t("side.shut"), onclick: () => shut() },
            icon("close", "s"),
          )
        : null,
    ),
    el("div", { class: "body" }, ...body),
    actions.length ? el("div", { class: "act" }, ...actions) : null,
  );
  if (!closable) node.addEventListener("cancel", (event) => event.preventDefault());
  const closed = new Promise((resolve) =>
    node.addEventListener(
      "close",
      () => {
        node.remove();
        before?.focus?.();
        resolve();
      },
      { once: true },
    ),
  );
  document.body.append(node);
  node.showModal();
  return { node, shut, closed };
}
