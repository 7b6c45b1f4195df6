// Every report of this phone and where it is: waiting ones can be sent at once or saved as a file, refused ones say why.
import { t } from "../data/i18n.js";
import { el } from "../ui/dom.js";
import { icon } from "../ui/icon.js";
import { toast } from "../ui/toast.js";
import { phone } from "./phone.js";
import { METRICS, PEOPLE } from "./places.js";
import { sender } from "./sender.js";
import { reasonWord } from "./urgent.js";
import { clock, nameOf, stateWord } from "./words.js";

const SHOWN = 200;
const WORDS = { ...Object.fromEntries(Object.entries(METRICS).map(([mark, metric]) => [metric, `rep.n-${mark}`])), [PEOPLE]: "rep.people" };

function what(item) {
  if (item.kind === "presence") return t(`rep.${item.what}`) + ` ${item.body.present}`;
  if (item.reason) return item.step > 0 ? reasonWord(item.reason) : t("rep.urgent-done", { what: reasonWord(item.reason) });
  const told = Object.entries(item.body.values).filter(([metric, value]) => WORDS[metric] && value !== null && (value > 0 || metric === METRICS.done));
  return told.length ? told.map(([metric, value]) => t(WORDS[metric], { n: value, count: value })).join(" · ") : t("rep.taken-back");
}

/** The waiting reports as the file POST /api/reports takes. */
export function exportWaiting() {
  const reports = [...phone.waiting, ...phone.refused].filter((item) => item.kind === "report").map((item) => item.body);
  const file = new Blob([JSON.stringify({ reports }, null, 1)], { type: "application/json" });
  const url = URL.createObjectURL(file);
  const link = el("a", { href: url, download: `weige-reports-${phone.account}-${new Date().toISOString().slice(0, 16).replace(/[:T]/g, "")}.json` });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  toast(t("rep.exported", { n: reports.length, count: reports.length }));
}

function row(item) {
  const refused = item.state === "refused";
  const old = phone.overdue.includes(item);
  return el(
    "li",
    { class: refused || old ? "bad" : "", "data-id": item.id },
    el("div", {}, el("span", { class: "w" }, el("b", {}, nameOf(item)), el("span", { class: "p" }, `${what(item)} · ${clock(item.made)}`)), stateWord(item.state)),
    old ? el("p", { class: "why" }, icon("clock", "s"), t("rep.old")) : null,
    refused ? el("p", { class: "why" }, icon("bad", "s"), reasonOf(item)) : null,
    refused
      ? el(
          "div",
          { class: "acts" },
          el("button", { class: "btn", type: "button", "data-key": `again-${item.id}`, onclick: () => phone.again(item) }, t("rep.again")),
          el("button", { class: "btn", type: "button", "data-key": `drop-${item.id}`, onclick: () => giveUp(item) }, t("rep.drop")),
        )
      : null,
  );
}

/** Ours when there are words for the code, else the server's. */
function reasonOf({ code, text }) {
  const key = `error.${code}`,
    ours = t(key);
  return ours === key || /\{\w+\}/.test(ours) ? text : ours;
}

async function giveUp(item) {
  await phone.drop(item);
  toast(t("rep.dropped"), {
    action: t("rep.bring-back"),
    onAction: () => phone.update([item]),
  });
}

export function log() {
  const all = [...phone.items.values()].sort((one, other) => other.made - one.made);
  const waiting = phone.waiting.length,
    refused = phone.refused.length;
  return [
    el(
      "div",
      { class: "acts wide" },
      el("button", { class: "btn", type: "button", "data-key": "send-now", disabled: !waiting, onclick: () => sender.now() }, icon("cloud"), t("rep.send-now")),
      el("button", { class: "btn", type: "button", "data-key": "export", disabled: !(waiting + refused), onclick: exportWaiting }, icon("export"), t("rep.export")),
    ),
    all.length ? el("ul", { class: "bl log", "aria-label": t("rep.tab-log") }, ...all.slice(0, SHOWN).map(row)) : el("p", { class: "none" }, t("rep.no-log")),
  ];
}
