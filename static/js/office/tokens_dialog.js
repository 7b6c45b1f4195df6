// The tokens of an account: which programs use them, since when, until when; a new one is shown once.
import { api } from "../data/api.js";
import { boot } from "../data/boot.js";
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { dialog } from "../ui/dialog.js";
import { el } from "../ui/dom.js";
import { field, refuse } from "../ui/field.js";
import { icon } from "../ui/icon.js";
import { secretDialog } from "./secret_dialog.js";

/** @param {object} account @param {(account: object) => void} show puts the changed account on the page */
export function tokensDialog(account, show) {
  let held = account;
  const list = el("ul", { class: "tokens" });
  const wrong = el("p", { class: "oops", role: "alert", hidden: true });
  const say = (text) => {
    wrong.textContent = text;
    wrong.hidden = false;
  };
  const draw = () =>
    list.replaceChildren(
      ...(held.tokens.length
        ? held.tokens.map((token) =>
            el(
              "li",
              {},
              el("span", {}, el("b", {}, token.name || t("accounts.token-unnamed")), el("small", {}, t("accounts.token-when", { since: format.time(token.created_at), until: format.time(token.expires_at) }), " · ", token.used_at ? t("accounts.token-used", { time: format.time(token.used_at) }) : t("accounts.token-unused"))),
              el("button", { class: "btn", type: "button", "data-key": "revoke", "aria-label": t("accounts.token-revoke-of", { name: token.name }), onclick: () => revoke(token) }, icon("trash", "s"), t("accounts.token-revoke")),
            ),
          )
        : [el("li", { class: "none" }, t("accounts.token-none"))]),
    );
  const take = (told) => {
    held = told.account;
    show(held);
    draw();
  };
  const revoke = async (token) => {
    try {
      take(await api.delete(boot.urls.account_token, { path: { name: held.name, id: token.id } }));
      name.input.focus();
    } catch (error) {
      say(error.text);
    }
  };
  const name = field({ label: t("accounts.token-name"), name: "token", maxlength: "60", required: true, hint: t("accounts.token-hint"), autocomplete: "off" });
  const days = field({ label: t("accounts.token-days"), name: "days", type: "number", min: "1", max: String(boot.token_days), value: String(boot.token_days), required: true });
  const make = async (event) => {
    event.preventDefault();
    wrong.hidden = true;
    name.oops(null);
    days.oops(null);
    try {
      const told = await api.post(boot.urls.account_act, { path: { name: held.name, act: "tokens" }, body: { name: name.input.value.trim(), days: Number(days.input.value) } });
      take(told);
      name.input.value = "";
      await secretDialog({ title: t("accounts.token-of", { name: held.name }), secret: told.token, note: t("accounts.token-once") });
    } catch (error) {
      refuse(error, { name, days }, say);
    }
  };
  draw();
  const { node } = dialog({
    title: t("accounts.tokens-of", { name: account.label }),
    body: [
      list,
      el("form", { id: "token-form", class: "form", onsubmit: make, novalidate: true }, name.node, days.node),
      wrong,
    ],
    actions: [el("button", { class: "btn pri", type: "submit", form: "token-form", "data-key": "new-token" }, icon("plus", "s"), t("accounts.token-new"))],
  });
  node.classList.add("wide");
  name.input.focus();
}
