// Choosing a password: what it needs is told before, and ticked off while one types.
import { api } from "../data/api.js";
import { boot } from "../data/boot.js";
import { t } from "../data/i18n.js";
import { el } from "./dom.js";
import { field } from "./field.js";
import { icon } from "./icon.js";

const KINDS = [/\p{Ll}/u, /\p{Lu}/u, /\p{Nd}/u, /[^\p{L}\p{N}]/u];

/** rule -> whether a password keeps it */
const rulesOf = ({ length, kinds }) => ({
  length: (word) => word.length >= length,
  kinds: (word) => KINDS.filter((kind) => kind.test(word)).length >= kinds,
  name: (word) => word !== "" && !word.toLowerCase().includes(boot.account.name.toLowerCase()),
  same: (word, old) => word !== "" && word !== old,
});

function revealing(control) {
  const button = el("button", { class: "lk", type: "button", "aria-pressed": "false" }, t("sign-in.show"));
  button.addEventListener("click", () => {
    const shown = control.type === "text";
    control.type = shown ? "password" : "text";
    button.textContent = t(shown ? "sign-in.show" : "sign-in.hide");
    button.setAttribute("aria-pressed", String(!shown));
  });
  return button;
}

function secret(name, label, autocomplete) {
  const input = el("input", { class: "input", type: "password", name, autocomplete, required: true });
  return field({ label, name, input, beside: revealing(input) });
}

/**
 * @param {{old?: string, rules?: {length: number, kinds: number}, onDone: () => void}} options `old` when it was just typed
 * @returns {HTMLFormElement} with its own button
 */
export function passwordForm({ old, rules = boot.password, onDone }) {
  const before = old === undefined ? secret("old", t("password.old"), "current-password") : null;
  const fresh = secret("new", t("password.new"), "new-password");
  const judge = rulesOf(rules);
  const lines = Object.fromEntries(
    Object.keys(judge).map((rule) => [rule, el("li", {}, icon("minus", "s"), el("span", {}, t(`password.rule-${rule}`, { n: rules[rule] ?? "" })))]),
  );
  const list = el("ul", { class: "rules", id: "password-rules", "aria-label": t("password.rules") }, ...Object.values(lines));
  const tick = () => {
    for (const [rule, line] of Object.entries(lines)) {
      const kept = judge[rule](fresh.input.value, before?.input.value ?? old);
      line.classList.toggle("kept", kept);
      line.firstChild.replaceWith(icon(kept ? "ok" : "minus", "s"));
      line.setAttribute("aria-label", `${line.textContent} ${kept ? t("password.kept") : t("password.open")}`);
    }
  };
  fresh.input.addEventListener("input", tick);
  before?.input.addEventListener("input", tick);
  fresh.input.setAttribute("aria-describedby", list.id);
  tick();
  const rest = el("p", { class: "oops", role: "alert", hidden: true });
  const send = async (event) => {
    event.preventDefault();
    for (const one of [before, fresh]) one?.oops(null);
    rest.hidden = true;
    try {
      const told = await api.post(boot.urls.own_password, { body: { old: before?.input.value ?? old, new: fresh.input.value } });
      if (told.csrf) boot.csrf = told.csrf;
      onDone();
    } catch (error) {
      const { left, minutes, reason } = error.body ?? {};
      const words = minutes
        ? t("error.locked-out", { minutes })
        : typeof left === "number"
          ? t("password.wrong-old", { left, count: left })
          : reason
            ? t(`password.weak-${reason}`, { n: rules.length, kinds: rules.kinds })
            : error.text;
      const at = error.code === "wrong-password" ? before : error.code === "weak-password" || error.code === "missing-field" ? fresh : null;
      if (at) {
        at.oops(words);
        at.input.focus();
      } else {
        rest.textContent = words;
        rest.hidden = false;
      }
    }
  };
  return el(
    "form",
    { class: "password", onsubmit: send, novalidate: true },
    before?.node,
    fresh.node,
    list,
    rest,
    el("div", {}, el("button", { class: "btn pri", type: "submit" }, t("password.save"))),
  );
}
