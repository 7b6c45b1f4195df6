// The audit trail: who signed in, what left the house, what became of accounts, what edits did to the map.
import { boot } from "../data/boot.js";
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { el } from "../ui/dom.js";
import { icon } from "../ui/icon.js";
import { cell, later, open, read, table } from "./frame.js";

const MARKS = { done: "ok", written: "ok", refused: "bad", undone: "undo" };
const FEW = 5; // codes of an edit shown
const ICONS = { "sign-in": "person", export: "export", account: "lock", edit: "split", other: "info" };
/** the text of a key, or what stands there when nobody wrote one */
const word = (key, plain) => {
  const text = t(key);
  return text === key ? plain : text;
};

function what(line) {
  if (line.kind === "edit") return word(`op.${line.op.replaceAll(" ", "-")}`, line.op);
  const { what: verb } = line.details;
  return word(`audit.${line.action}${verb ? `-${verb}` : ""}`, word(`audit.${line.action}`, line.action));
}

function about(line) {
  const shown = line.areas.slice(0, FEW),
    rest = line.areas.length - shown.length + line.more_areas;
  const codes = shown.join(" ") + (rest ? ` ${t("audit.more-areas", { n: rest })}` : "");
  const object = line.kind === "export" ? t(`layer.${line.object}`) : line.object && line.object !== line.account ? line.object : "";
  return [line.rev ? `r${line.rev}` : null, object, codes].filter(Boolean).join(" · ");
}

const list_ = (value) => [value].flat().join(t("list.comma"));
function details({ details: told }) {
  const { what: _, before, grants, ...rest } = told;
  const lines = Object.entries(rest).map(([name, value]) => `${t(`audit.detail-${name}`)} ${list_(value)}`);
  if (grants) lines.push(before ? t("audit.detail-changed", { before: list_(before), grants: list_(grants) }) : list_(grants));
  return lines.join(" · ");
}

const list = table({
  columns: ["when", "who", "what", "about", "details", "result"].map((name) => t(`audit.${name}`)),
  caption: t("office.audit"),
  none: t("audit.none"),
  read: async (query) => {
    const { lines, next } = await read(boot.urls.audit, query);
    return { rows: lines, next };
  },
  row: (line) =>
    el(
      "tr",
      {},
      cell(t("audit.when"), el("time", { datetime: line.at }, format.time(line.at))),
      cell(t("audit.who"), line.account ?? t("audit.nobody")),
      cell(t("audit.what"), el("span", { class: "kind" }, icon(ICONS[line.kind] ?? "info", "s"), what(line))),
      cell(t("audit.about"), el("div", { class: "far" }, about(line))),
      cell(t("audit.details"), el("div", { class: "far" }, details(line))),
      cell(t("audit.result"), el("span", { class: "kind" }, icon(MARKS[line.result] ?? "info", "s"), word(`audit.result-${line.result}`, line.result))),
    ),
});

const input = (name, more = {}) => el("input", { class: "input", name, ...more });
const labelled = (key, control) => el("label", { class: "field" }, el("span", {}, t(`audit.${key}`)), control);
const kind = el("select", { class: "input", name: "kind" }, el("option", { value: "" }, t("audit.any-kind")), ...boot.kinds.map((id) => el("option", { value: id }, t(`audit.kind-${id}`))));
const account = input("account", { type: "search", autocomplete: "off", spellcheck: "false" });
const area = input("area", { type: "search", autocomplete: "off", spellcheck: "false" });
const since = input("since", { type: "date" });
const until = input("until", { type: "date" });
const csv = el("a", { class: "btn", download: "", "data-key": "csv" }, icon("export", "s"), t("audit.csv"));

function load() {
  const query = Object.fromEntries([kind, account, area, since, until].filter((one) => one.value.trim()).map((one) => [one.name, one.value.trim()]));
  csv.href = `${boot.urls.audit_csv}?${new URLSearchParams(query)}`;
  return list.fill(query);
}
for (const one of [kind, since, until]) one.addEventListener("change", load);
for (const one of [account, area]) one.addEventListener("input", later(load, 400));

open(
  t("office.audit"),
  [
    el("p", { class: "mute" }, t("audit.note")),
    el(
      "form",
      { class: "filter labelled", role: "search", onsubmit: (event) => (event.preventDefault(), load()) },
      labelled("kind", kind),
      labelled("account-field", account),
      labelled("area-field", area),
      labelled("since", since),
      labelled("until", until),
    ),
    list.node,
  ],
  [csv],
);
load();
