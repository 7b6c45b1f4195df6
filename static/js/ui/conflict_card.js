// Two people cut the same ground: both lines on the map, what each would give, and the choice between them. Docked at
// the side, never over the map, and the map stays where it is.
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { el } from "./dom.js";
import { figureText } from "./figure_text.js";
import { places } from "./places.js";
import { say } from "./say.js";
import { side } from "./side.js";
import { tableHead } from "./table_head.js";

const CHOICES = ["theirs", "mine", "goOn"];

/** Who came first, when, and how many edits it was. */
function what({ actor, at, edits = [] }) {
  const who = actor ?? t("conflict.somebody"),
    when = at ? format.time(at) : "";
  const more = edits.length > 1 ? ` ${t("conflict.edits", { n: edits.length })}` : "";
  return `${t("conflict.what", { who, when }).trim()}${more}`;
}

const swatch = (whose, width, dash) =>
  el(
    "svg",
    { class: `sw-line ${whose}`, viewBox: "0 0 28 8", "aria-hidden": "true" },
    el("path", { d: "M0 4h28", "stroke-width": width, "stroke-dasharray": dash }),
  );

/** One row an area: as it stands by their line, and as mine would leave it. */
function table(theirs, mine) {
  const rows = new Map();
  const add = (key, area, figures) => {
    const name = area.next_code ?? area.code;
    const row = rows.get(name) ?? { name: places.short({ name: area.name, code: name, level: area.level }) };
    rows.set(name, { ...row, [key]: figures });
  };
  for (const area of theirs) add("theirs", area, area.figures);
  for (const area of mine ?? []) if (!area.retired) add("mine", area, area.after);
  const cell = (figures) => el("td", { class: figures ? "v" : "" }, figures ? figureText.number(figures.households) : "–");
  return el(
    "table",
    { class: "eff" },
    tableHead(t("conflict.my-line"), t("conflict.their-line")),
    el(
      "tbody",
      {},
      [...rows.values()].map((row) =>
        el("tr", {}, el("th", { scope: "row" }, row.name), mine ? cell(row.mine) : el("td", {}, "…"), cell(row.theirs)),
      ),
    ),
  );
}

/**
 * @param {object} told body of the 409: areas, edits, now, actor, at
 * @param {Record<"theirs" | "mine" | "goOn" | "see", () => void>} verbs
 * @returns {{mine: (changed: object[] | null, refusal: string | null) => void}} tells what my line would give
 */
export function conflictCard(told, verbs) {
  let chosen = "theirs";
  const heading = () => el("h3", {}, t("fig.households"));
  const figures = el("section", { class: "sec" }, heading(), table(told.now ?? [], null));
  const choice = (key) =>
    el(
      "label",
      { "data-key": `conflict ${key}` },
      el("input", {
        type: "radio",
        name: "conflict",
        value: key,
        checked: key === chosen,
        onchange: () => {
          chosen = key;
        },
      }),
      el("span", {}, t(`conflict.${key}`)),
    );
  const choices = el(
    "section",
    { class: "sec conflict", role: "radiogroup", "aria-label": t("conflict.title") },
    CHOICES.map(choice),
  );
  side.show("conflict", {
    asks: true,
    title: t("conflict.title"),
    chip: el("span", { class: "chip warn" }, t("preview.unsaved")),
    sub: (told.areas ?? []).map((area) => places.called(area.code)).join("  "),
    body: [
      el(
        "section",
        { class: "sec" },
        el("p", {}, what(told)),
        el("p", { class: "hint" }, swatch("mine", 3, null), " ", t("conflict.my-line")),
        el("p", { class: "hint" }, swatch("theirs", 2, "5 3"), " ", t("conflict.their-line")),
        el(
          "p",
          {},
          el("button", { class: "btn", type: "button", "data-key": "conflict-see", onclick: verbs.see }, t("conflict.see")),
        ),
      ),
      figures,
      choices,
    ],
    actions: el(
      "div",
      { class: "act" },
      el(
        "button",
        {
          class: "btn pri",
          type: "button",
          "data-key": "conflict-ok",
          onclick: () => {
            side.release();
            verbs[chosen]();
          },
        },
        t("act.ok"),
        el("kbd", {}, "Enter"),
      ),
    ),
  });
  document.querySelector("[data-key=conflict-ok]")?.focus();
  say.now(what(told));
  return {
    mine(changed, refusal) {
      figures.replaceChildren(heading(), table(told.now ?? [], changed ?? []), ...(refusal ? [el("p", { class: "hint" }, refusal)] : []));
      if (!refusal) return;
      const input = choices.querySelector("input[value=mine]");
      input.disabled = true;
      input.closest("label").title = refusal;
    },
  };
}
