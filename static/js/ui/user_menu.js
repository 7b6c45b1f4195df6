// The menu under the name of the account: theme, keys, manual, sign out.
import { api } from "../data/api.js";
import { boot } from "../data/boot.js";
import { t } from "../data/i18n.js";
import { page } from "../data/page.js";
import { showChecklist } from "./checklist.js";
import { el } from "./dom.js";
import { icon } from "./icon.js";
import { showKeys } from "./keys.js";
import { menuItem } from "./menu_item.js";
import { modeDialog } from "./mode_band.js";
import { popover } from "./popover.js";
import { theme } from "./theme.js";

/** How much of the first-run list is left; asked once, when the page has time. */
let left = 0;
async function readChecklist() {
  if (!boot.account.can.set_up) return;
  left = await api.get(boot.urls.checklist).then(
    (told) => told.left,
    () => 0,
  );
}

/** Fills the button and opens its menu. */
export function userMenu() {
  const button = document.getElementById("user");
  button.append(
    icon("person", "s touch"),
    el("span", { class: "desk" }, boot.account.label || boot.account.name),
    icon("down", "s"),
  );
  button.setAttribute("aria-label", t("user.menu", { name: boot.account.label || boot.account.name }));
  button.addEventListener("click", () => {
    const item = (name, words, onclick) => menuItem([icon(name, "s"), words], onclick);
    const roles = (boot.account.roles ?? []).map(
      ({ role, area }) => `${t(`role.${role}`)}${area ? ` · ${area.name || area.code}` : ""}`,
    );
    const out = el(
      "form",
      { method: "post", action: boot.urls.sign_out },
      el("input", { type: "hidden", name: "csrf_token", value: boot.csrf }),
      el("button", { class: "mi", type: "submit" }, icon("out", "s"), t("user.sign-out")),
    );
    popover.show(
      button,
      [
        ...roles.map((words) => el("h4", {}, words)),
        el("hr"),
        left ? item("warn", t("checklist.open", { n: left, count: left }), showChecklist) : null,
        ...[
          ["screen", "command.title", "command_page", true],
          ["phone", "office.report", "report_page", boot.account.can.report],
          ["person", "office.own_account", "account_page", true],
          ["lock", "office.accounts", "accounts_page", boot.account.can.manage],
          ["book", "office.audit", "audit_page", boot.account.can.audit],
        ].map(([name, key, url, may]) => (may ? el("a", { class: "mi", href: boot.urls[url] }, icon(name, "s"), t(key)) : null)),
        boot.mode?.switch
          ? item("lock", t(page.closed?.reason === "maintenance" ? "mode.reopen" : "mode.close"), modeDialog)
          : null,
        el("hr"),
        item("theme", t(theme.now() === "dark" ? "theme.light" : "theme.dark"), () =>
          theme.set(theme.now() === "dark" ? "light" : "dark"),
        ),
        item("key", t(page.singleKeys ? "keys.switch-off" : "keys.switch-on"), () => {
          page.set({ singleKeys: !page.singleKeys });
          try {
            localStorage.setItem("weige.keys", page.singleKeys ? "on" : "off");
          } catch {
            /* this page only */
          }
        }),
        item("key", t("keys.title"), showKeys),
        ...(boot.urls.manual
          ? [
              el(
                "a",
                { class: "mi", href: boot.urls.manual, target: "_blank", rel: "noopener" },
                icon("book", "s"),
                t("user.manual"),
              ),
            ]
          : []),
        el("hr"),
        out,
      ].filter(Boolean),
      { side: "right", label: t("user.menu", { name: "" }) },
    );
  });
  setTimeout(readChecklist, 2000);
  try {
    if (localStorage.getItem("weige.keys") === "off") page.set({ singleKeys: false });
  } catch {
    /* default */
  }
}
