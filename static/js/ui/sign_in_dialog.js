// The session has ended: a dialog over the page asks for the password only; what is drawn stays where it is.
import { api } from "../data/api.js";
import { boot } from "../data/boot.js";
import { t } from "../data/i18n.js";
import { dialog } from "./dialog.js";
import { el } from "./dom.js";

const address = boot.urls.sign_in ?? "/sign-in";
let asking = null;

const parse = async (answer) => new DOMParser().parseFromString(await answer.text(), "text/html");

/** Signs in through the same form as the sign-in page. @returns {Promise<boolean>} */
async function signIn(password) {
  const door = await parse(await fetch(address, { credentials: "same-origin" }));
  const token = door.querySelector("[name=csrf_token]")?.value ?? boot.csrf;
  const answer = await fetch(address, { method: "POST", credentials: "same-origin", body: new URLSearchParams({ account: boot.account.name, password, next: "/", csrf_token: token }) });
  const told = (await parse(answer)).getElementById("boot");
  if (!told) return false;
  boot.csrf = JSON.parse(told.textContent).csrf;
  return true;
}

function ask() {
  return new Promise((resolve) => {
    const password = el("input", { class: "input", type: "password", name: "password", autocomplete: "current-password", required: true });
    const oops = el("p", { class: "oops", role: "alert" });
    const form = el("form", { id: "again-form", class: "field", onsubmit: async (event) => {
      event.preventDefault();
      try {
        if (await signIn(password.value)) { shut(); resolve(); return; }
        oops.textContent = t("error.wrong-password");
      } catch {
        oops.textContent = t("error.offline");
      }
      password.select();
    } }, el("span", {}, t("sign-in.password-of", { name: boot.account.label || boot.account.name })), password, oops);
    const { shut } = dialog({ title: t("sign-in.again"), closable: false, body: [el("p", {}, t("sign-in.kept")), form], actions: [el("a", { class: "btn", href: address }, t("sign-in.other")), el("button", { class: "btn pri", type: "submit", form: "again-form" }, t("sign-in.go"))] });
    password.focus();
  });
}

/** Lets every refused request wait for one sign-in. */
export function watchSignIn() {
  api.signInAgain = () => (asking ??= ask().finally(() => { asking = null; }));
}
