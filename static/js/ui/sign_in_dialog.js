// The session has ended: a dialog over the page asks for the password only; what is drawn stays where it is.
import { api } from "../data/api.js";
import { boot } from "../data/boot.js";
import { t } from "../data/i18n.js";
import { dialog } from "./dialog.js";
import { el } from "./dom.js";
import { passwordForm } from "./password_form.js";

const address = boot.urls.sign_in;
let asking = null;

/** The token of the page's form: the old one belongs to a session that may be gone. */
async function freshToken() {
  const door = new DOMParser().parseFromString(
    await (await fetch(address, { credentials: "same-origin" })).text(),
    "text/html",
  );
  const elsewhere = door.getElementById("boot"); // another tab has signed in: this is a page
  return door.querySelector("[name=csrf_token]")?.value ?? (elsewhere ? JSON.parse(elsewhere.textContent).csrf : boot.csrf);
}

/** @returns {Promise<object>} what the server said: `account` when signed in, else a problem */
async function signIn(password) {
  const answer = await fetch(address, {
    method: "POST",
    credentials: "same-origin",
    headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRF-Token": await freshToken() },
    body: JSON.stringify({ account: boot.account.name, password }),
  });
  const told = await answer.json();
  if (answer.ok) boot.csrf = told.csrf;
  return told;
}

function refusal({ code, left, minutes, detail }) {
  if (minutes) return t("error.locked-out", { minutes });
  if (code !== "wrong-password") return t(`error.${code}`, { detail });
  return typeof left === "number" ? t("error.wrong-password-left", { left, count: left }) : t("error.wrong-password");
}

/** @param {{kept?: string, later?: boolean}} how what is kept meanwhile (a key), and whether it may be given later */
function ask({ kept = "sign-in.kept", later = false } = {}) {
  return new Promise((resolve) => {
    const password = el("input", {
      class: "input",
      type: "password",
      name: "password",
      autocomplete: "current-password",
      required: true,
    });
    const oops = el("p", { class: "oops", role: "alert" });
    const form = el(
      "form",
      {
        id: "again-form",
        class: "field",
        onsubmit: async (event) => {
          event.preventDefault();
          try {
            const told = await signIn(password.value);
            if (told.account && !told.must_change) {
              resolve(true);
              shut();
              return;
            }
            if (told.account) return choose(password.value);
            oops.textContent = refusal(told);
          } catch {
            oops.textContent = t("error.offline");
          }
          password.select();
          return undefined;
        },
      },
      el("span", {}, t("sign-in.password-of", { name: boot.account.label || boot.account.name })),
      password,
      oops,
    );
    // The password was given by an administrator: another one is chosen here, so that the drawing is not lost.
    const choose = (old) => {
      node.querySelector(".act").remove();
      node.querySelector(".body").replaceChildren(
        el("p", {}, t("password.first")),
        passwordForm({ old, onDone: () => (resolve(true), shut()) }),
      );
      node.querySelector("input").focus();
    };
    const { node, shut, closed } = dialog({
      title: t("sign-in.again"),
      closable: later,
      body: [el("p", {}, t(kept)), form],
      actions: [
        later ? el("button", { class: "btn", type: "button", onclick: () => shut() }, t("rep.later")) : el("a", { class: "btn", href: address }, t("sign-in.other")),
        el("button", { class: "btn pri", type: "submit", form: "again-form" }, t("sign-in.go")),
      ],
    });
    closed.then(() => resolve(false));
    password.focus();
  });
}

/** Asks for the password of this account. @returns {Promise<boolean>} whether somebody signed in */
export const askPassword = ask;

/** Lets every refused request wait for one sign-in. */
export function watchSignIn() {
  api.signInAgain = () =>
    (asking ??= ask().finally(() => {
      asking = null;
    }));
}
