// The form of an account: name, how pages call it, and its pairs of role and area.
import { boot } from "../data/boot.js";
import { t } from "../data/i18n.js";
import { dialog } from "../ui/dialog.js";
import { el } from "../ui/dom.js";
import { field, refuse } from "../ui/field.js";
import { icon } from "../ui/icon.js";
import { areaInput } from "./area_input.js";

/** One pair; a pair whose ground was cut or merged since says where it leads, and is settled by one press. */
function pair({ grant, remove, settle }) {
  const role = el("select", { class: "input", "aria-label": t("accounts.role") }, ...boot.roles.map((id) => el("option", { value: id, selected: grant?.role === id }, t(`role.${id}`))));
  const may = el("small", { class: "hint" });
  const tell = () => may.replaceChildren(t(`role.${role.value}.may`));
  role.addEventListener("change", tell);
  tell();
  const area = areaInput({
    value: grant?.area?.code ? { code: grant.area.code, name: grant.area.name ?? "" } : null,
    placeholder: t(boot.everywhere ? "accounts.area-or-all" : "accounts.area"),
    "aria-label": t("accounts.area"),
  });
  const was = area.code();
  const moved = grant?.moved
    ? el(
        "p",
        { class: "note moved" },
        icon("warn", "s"),
        el("span", {}, grant.today.length ? t("accounts.moved-long", { was, rev: grant.rev, now: grant.today.map((one) => one.code).join(t("list.comma")) }) : t("accounts.lost", { was })),
        grant.today.length ? el("button", { class: "lk", type: "button", "data-key": "settle", onclick: () => settle(grant) }, t("accounts.settle")) : null,
      )
    : null;
  const wrong = el("small", { class: "oops", role: "alert", hidden: true });
  const node = el(
    "div",
    { class: "pair", role: "group", "aria-label": t("accounts.pair") },
    role,
    area.node,
    el("button", { class: "btn quiet icon", type: "button", "aria-label": t("accounts.remove-pair"), onclick: remove }, icon("trash", "s")),
    may,
    moved,
    wrong,
  );
  return {
    node,
    input: area.input,
    oops(text) {
      wrong.hidden = !text;
      wrong.textContent = text ?? "";
      if (text) area.input.setAttribute("aria-invalid", "true");
      else area.input.removeAttribute("aria-invalid");
    },
    /** An untouched pair keeps its revision and goes on following its ground; every other is given anew. */
    value: () => ({
      role: role.value,
      area: area.code() || null,
      ...(grant && role.value === grant.role && area.code() === was ? { rev: grant.rev } : {}),
    }),
  };
}

/**
 * @param {{title: string, account?: object, send: (values: object) => Promise<object>, done: (answer: object) => void}} options
 */
export function accountForm({ title, account, send, done }) {
  const name = field({ label: t("accounts.account"), name: "name", hint: account ? null : t("accounts.name-rule"), required: true, maxlength: "60", autocomplete: "off", autocapitalize: "none", spellcheck: "false", value: account?.name ?? "", readonly: Boolean(account) });
  const label = field({ label: t("accounts.label"), name: "label", hint: t("accounts.label-rule"), maxlength: "60", autocomplete: "off", value: account?.label ?? "" });
  const pairs = [];
  const holder = el("div", { class: "pairs" });
  const wrong = el("p", { class: "oops", role: "alert", hidden: true });
  const add = (grant, before = null) => {
    const one = pair({
      grant,
      remove: () => {
        pairs.splice(pairs.indexOf(one), 1);
        one.node.remove();
      },
      settle: (moved) => {
        for (const area of moved.today) add({ role: moved.role, area, today: [area], moved: false }, one);
        pairs.splice(pairs.indexOf(one), 1);
        one.node.remove();
        holder.querySelector("select")?.focus();
      },
    });
    if (before) {
      pairs.splice(pairs.indexOf(before), 0, one);
      before.node.before(one.node);
    } else {
      pairs.push(one);
      holder.append(one.node);
    }
    return one;
  };
  for (const grant of account?.grants ?? []) add(grant);
  if (!account) add({ role: "planner", area: null, today: [], moved: false });

  const submit = async (event) => {
    event.preventDefault();
    wrong.hidden = true;
    for (const one of [name, label, ...pairs]) one.oops(null);
    if (!name.input.value.trim()) {
      name.oops(t("accounts.name-rule"));
      name.input.focus();
      return;
    }
    try {
      const grants = pairs.map((one) => one.value());
      const answer = await send({ name: name.input.value.trim(), label: label.input.value.trim() || name.input.value.trim(), grants });
      shut();
      done(answer);
    } catch (error) {
      const fields = { name, label, ...Object.fromEntries(pairs.flatMap((one, k) => [[`grants.${k}.area`, one], [`grants.${k}.role`, one]])) };
      refuse(error, fields, (text) => {
        wrong.textContent = error.code === "bad-input" && !pairs.length ? t("accounts.no-pair") : text;
        wrong.hidden = false;
      });
    }
  };
  const { node, shut } = dialog({
    title,
    body: [
      el(
        "form",
        { id: "account-form", class: "account", onsubmit: submit, novalidate: true },
        el("div", { class: "form" }, name.node, label.node),
        el("h3", {}, t("accounts.grants")),
        holder,
        el("div", {}, el("button", { class: "btn", type: "button", "data-key": "add-pair", onclick: () => add({ role: "viewer", area: null, today: [], moved: false }).input.focus() }, icon("plus", "s"), t("accounts.add-pair"))),
        wrong,
      ),
    ],
    actions: [
      el("button", { class: "btn", type: "button", onclick: () => shut() }, t("act.cancel")),
      el("button", { class: "btn pri", type: "submit", form: "account-form" }, t(account ? "accounts.save" : "accounts.create")),
    ],
  });
  node.classList.add("wide");
  (account ? label.input : name.input).focus();
}
