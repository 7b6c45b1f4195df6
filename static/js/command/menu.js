// The menu under the name of the account on the command page: wall, theme, the other pages, sign out.
import { boot } from "../data/boot.js";
import { t } from "../data/i18n.js";
import { el } from "../ui/dom.js";
import { icon } from "../ui/icon.js";
import { menuItem } from "../ui/menu_item.js";
import { popover } from "../ui/popover.js";
import { theme } from "../ui/theme.js";

const PAGES = [
  ["layers", "office.map", () => "/", "see"],
  ["person", "office.own_account", () => boot.urls.account_page, null],
  ["lock", "office.accounts", () => boot.urls.accounts_page, "manage"],
  ["book", "office.audit", () => boot.urls.audit_page, "audit"],
];

export function menu() {
  const button = document.getElementById("user");
  if (!button) return;
  const name = boot.account.label || boot.account.name;
  button.append(el("span", {}, name), icon("down", "s"));
  button.setAttribute("aria-label", t("user.menu", { name }));
  button.addEventListener("click", () =>
    popover.show(
      button,
      [
        el("a", { class: "mi", href: `${location.pathname}?wall=1` }, icon("screen", "s"), t("command.wall")),
        el("hr"),
        ...PAGES.filter(([, , , action]) => action === null || action === "see" || boot.account.can[action]).map(([picture, key, url]) => el("a", { class: "mi", href: url() }, icon(picture, "s"), t(key))),
        el("hr"),
        menuItem([icon("theme", "s"), t(theme.now() === "dark" ? "theme.light" : "theme.dark")], () => theme.set(theme.now() === "dark" ? "light" : "dark")),
        el("hr"),
        el(
          "form",
          { method: "post", action: boot.urls.sign_out },
          el("input", { type: "hidden", name: "csrf_token", value: boot.csrf }),
          el("button", { class: "mi", type: "submit" }, icon("out", "s"), t("user.sign-out")),
        ),
      ],
      { side: "right", label: t("user.menu", { name: "" }) },
    ),
  );
}
