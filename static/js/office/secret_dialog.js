// A password or a token, told once: to be read out, copied, and forgotten by this page.
import { t } from "../data/i18n.js";
import { dialog } from "../ui/dialog.js";
import { el } from "../ui/dom.js";

/** @param {{title: string, secret: string, note: string}} options */
export function secretDialog({ title, secret, note }) {
  const shown = el("output", { class: "once", "aria-label": title }, secret);
  const copy = el(
    "button",
    {
      class: "btn",
      type: "button",
      onclick: async () => {
        try {
          await navigator.clipboard.writeText(secret);
          copy.textContent = t("save.copied");
        } catch {
          getSelection().selectAllChildren(shown); // no right to the clipboard: Ctrl C is left
        }
      },
    },
    t("accounts.copy"),
  );
  const { node, shut, closed } = dialog({
    title,
    closable: false,
    body: [el("p", {}, note), shown],
    actions: [copy, el("button", { class: "btn pri", type: "button", "data-key": "seen", onclick: () => shut() }, t("accounts.written-down"))],
  });
  node.querySelector(".pri").focus();
  return closed;
}
