// The menu under the name of the account: theme, keys, manual, sign out.
import { boot } from "../data/boot.js";
import { t } from "../data/i18n.js";
import { page } from "../data/page.js";
import { el } from "./dom.js";
import { icon } from "./icon.js";
import { showKeys } from "./keys.js";
import { popover } from "./popover.js";
import { theme } from "./theme.js";

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
    const item = (name, words, onclick, more = {}) =>
      el(
        "button",
        {
          class: "mi",
          type: "button",
          onclick: () => {
            popover.shut();
            onclick();
          },
          ...more,
        },
        icon(name, "s"),
        words,
      );
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
        item("key", t("keys.title"), showKeys, {}),
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
      ],
      { side: "right", label: t("user.menu", { name: "" }) },
    );
  });
  try {
    if (localStorage.getItem("weige.keys") === "off") page.set({ singleKeys: false });
  } catch {
    /* default */
  }
}
