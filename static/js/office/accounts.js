// Accounts: who may do what where; open, change, reset, unlock, close and open again, sign out, tokens.
import { api } from "../data/api.js";
import { boot } from "../data/boot.js";
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { dialog } from "../ui/dialog.js";
import { el } from "../ui/dom.js";
import { icon } from "../ui/icon.js";
import { popover } from "../ui/popover.js";
import { toast } from "../ui/toast.js";
import { accountForm } from "./account_form.js";
import { areaInput } from "./area_input.js";
import { cell, later, open, read, table } from "./frame.js";
import { secretDialog } from "./secret_dialog.js";
import { tokensDialog } from "./tokens_dialog.js";

const MARKS = { active: ["ok", "ok"], new: ["info", "info"], locked: ["lock", "warn"], disabled: ["close", "plain"] };
const rows = new Map(); // name -> row on the page
const list = table({
  columns: ["name", "grants", "state", "last", "use", "acts"].map((name) => t(`accounts.${name}`)),
  caption: t("office.accounts"),
  none: t("accounts.none"),
  read: async (query) => {
    const told = await read(boot.urls.accounts, query);
    count.textContent = t("accounts.count", { n: told.count, count: told.count });
    return { rows: told.accounts, next: told.next };
  },
  row,
});
const count = el("span", { class: "mute", role: "status" });

function chipOf(account) {
  const [name, tone] = MARKS[account.state];
  const until = account.locked_until ? ` ${t("accounts.until", { time: format.time(account.locked_until) })}` : "";
  return el("span", { class: `chip ${tone}` }, icon(name, "s"), t(`accounts.state-${account.state}`), until);
}

const nameOf = (area) => (area ? [area.name || area.code, area.name && area.name !== area.code ? el("small", {}, area.code) : null] : t("accounts.everything"));

function grantLine(grant) {
  const moved = grant.moved
    ? el(
        "small",
        { class: "moved" },
        icon("warn", "s"),
        grant.today.length
          ? t("accounts.moved", { was: grant.area?.code ?? "?", now: grant.today.map((area) => area.code).join(t("list.comma")) })
          : t("accounts.lost", { was: grant.area?.code ?? "?" }),
      )
    : null;
  return el("li", {}, el("b", {}, t(`role.${grant.role}`)), " ", nameOf(grant.moved && grant.today.length === 1 ? grant.today[0] : grant.area), moved);
}

function row(account) {
  const words = (key) => t(`accounts.${key}`);
  const edit = el("button", { class: "btn", type: "button", "data-key": "edit", onclick: () => change(account) }, icon("edit", "s"), words("edit"));
  const more = el(
    "button",
    { class: "btn icon", type: "button", "data-key": "more", "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": t("accounts.more", { name: account.name }) },
    icon("down", "s"),
  );
  more.addEventListener("click", () => menu(more, account));
  const made = el(
    "tr",
    { "data-name": account.name, class: account.disabled ? "off" : null },
    cell(words("name"), el("b", {}, account.label), account.label === account.name ? null : el("small", {}, account.name), account.own ? el("span", { class: "chip info" }, t("accounts.own")) : null),
    cell(words("grants"), el("ul", {}, ...account.grants.map(grantLine))),
    cell(words("state"), chipOf(account)),
    cell(words("last"), account.last_sign_in ? format.time(account.last_sign_in) : t("accounts.never")),
    cell(words("use"), t("accounts.use-of", { sessions: account.sessions, tokens: account.tokens.length })),
    cell(words("acts"), el("div", { class: "acts" }, edit, more)),
  );
  rows.set(account.name, made);
  return made;
}

/** Puts an account as it is now in its place on the page; the cursor stays in its row. */
function show(account) {
  const old = rows.get(account.name);
  const made = row(account);
  if (old?.isConnected) {
    old.replaceWith(made);
    made.querySelector("button")?.focus();
  } else {
    list.body.prepend(made);
  }
}

function menu(anchor, account) {
  const item = (name, key, act, values = {}) =>
    el(
      "button",
      {
        class: "mi",
        type: "button",
        "data-key": key,
        onclick: () => {
          popover.shut();
          act();
        },
      },
      icon(name, "s"),
      t(`accounts.${key}`, values),
    );
  popover.show(
    anchor,
    [
      account.state === "locked" ? item("lock", "unlock", () => act(account, "unlock", "unlocked")) : null,
      account.own ? null : item("key", "reset", () => reset(account)),
      account.own || !account.sessions ? null : item("out", "end", () => end(account), { n: account.sessions }),
      item("crosshair", "tokens", () => tokensDialog(account, show)),
      account.own ? null : el("hr"),
      account.own ? null : account.disabled ? item("undo", "enable", () => close(account, false)) : item("close", "disable", () => close(account, true)),
    ].filter(Boolean),
    { side: "right", label: t("accounts.more", { name: account.name }) },
  );
}

async function attempt(work) {
  try {
    return await work();
  } catch (error) {
    toast(error.text, { kind: "bad" });
    if (error.code === "stale" || error.code === "not-found") load();
    return null;
  }
}

const act = (account, verb, done) =>
  attempt(async () => {
    const told = await api.post(boot.urls.account_act, { path: { name: account.name, act: verb }, body: {} });
    show(told.account);
    toast(t(`accounts.${done}`, { name: account.label }));
    return told;
  });

const end = (account) =>
  attempt(async () => {
    const told = await api.delete(boot.urls.account_act, { path: { name: account.name, act: "sessions" } });
    show(told.account);
    toast(t("accounts.ended", { name: account.label, n: told.ended, count: told.ended }));
  });

/** Closing is taken back by one press; nothing of the account is lost. */
const close = (account, disabled) =>
  attempt(async () => {
    const told = await api.patch(boot.urls.account, { path: { name: account.name }, body: { version: account.version, disabled } });
    show(told.account);
    toast(t(disabled ? "accounts.disabled" : "accounts.enabled", { name: account.label }), {
      action: t("undo.word"),
      onAction: () => close(told.account, !disabled),
    });
  });

/** Asks first: whoever works with the account is signed out and needs the new word. */
function reset(account) {
  const { shut } = dialog({
    title: t("accounts.reset-title", { name: account.label }),
    body: [el("p", {}, t("accounts.reset-note"))],
    actions: [
      el("button", { class: "btn", type: "button", onclick: () => shut() }, t("act.cancel")),
      el(
        "button",
        {
          class: "btn pri",
          type: "button",
          "data-key": "do-reset",
          onclick: async () => {
            shut();
            const told = await act(account, "reset", "was-reset");
            if (told) secretDialog({ title: t("accounts.password-of", { name: account.name }), secret: told.password, note: t("accounts.password-once", { hours: boot.one_time_hours }) });
          },
        },
        t("accounts.reset-do"),
      ),
    ],
  });
}

function create() {
  accountForm({
    title: t("accounts.create"),
    send: ({ name, label, grants }) => api.post(boot.urls.accounts, { body: { name, label, grants } }),
    done: (told) => {
      show(told.account);
      secretDialog({ title: t("accounts.password-of", { name: told.account.name }), secret: told.password, note: t("accounts.password-once", { hours: boot.one_time_hours }) });
    },
  });
}

function change(account) {
  accountForm({
    title: t("accounts.change", { name: account.name }),
    account,
    send: ({ label, grants }) => api.patch(boot.urls.account, { path: { name: account.name }, body: { version: account.version, label, grants } }),
    done: (told) => {
      show(told.account);
      toast(t("accounts.saved", { name: told.account.label }));
    },
  });
}

// ---- the filter -------------------------------------------------------------------------------------------------------
const word = el("input", { class: "input", type: "search", name: "q", "aria-label": t("accounts.search"), placeholder: t("accounts.search") });
const choice = (name, values, say) =>
  el("select", { class: "input", name, "aria-label": t(`accounts.any-${name}`) }, el("option", { value: "" }, t(`accounts.any-${name}`)), ...values.map((value) => el("option", { value }, say(value))));
const role = choice("role", boot.roles, (name) => t(`role.${name}`));
const state = choice("state", boot.states, (name) => t(`accounts.state-${name}`));
const area = areaInput({ placeholder: t("accounts.any-area"), onPick: () => load() });

function load() {
  return list.fill({ q: word.value.trim() || null, role: role.value || null, state: state.value || null, area: area.code() || null });
}
word.addEventListener("input", later(load));
role.addEventListener("change", load);
state.addEventListener("change", load);
area.node.setAttribute("aria-label", t("accounts.any-area"));

open(
  t("office.accounts"),
  [el("form", { class: "filter", role: "search", onsubmit: (event) => event.preventDefault() }, word, role, state, area.node, count), list.node],
  [el("button", { class: "btn pri", type: "button", "data-key": "create", onclick: create }, icon("plus", "s"), t("accounts.create"))],
);
load();
