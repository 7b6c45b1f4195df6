// To whom an area shall belong: neighbours and search, both parents now and after, the new code, checks, save.
import { boot } from "../data/boot.js";
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { named } from "../data/named.js";
import { el } from "./dom.js";
import { effectParts } from "./effect_parts.js";
import { figureSections } from "./figure_sections.js";
import { figureText } from "./figure_text.js";
import { findingsList } from "./findings_list.js";
import { places } from "./places.js";
import { side } from "./side.js";
import { tableHead } from "./table_head.js";

const { section } = figureSections;
const SHARES = [
  ["households", (one) => one.households],
  ["people", (one) => one.population],
  ["area", (one) => one.area_m2, format.hectares],
];
const known = (value) => value !== null && value !== undefined;

function option(one, chosen, verbs) {
  return el(
    "tr",
    {},
    el(
      "th",
      { scope: "row" },
      el(
        "label",
        { class: "check" },
        el("input", { type: "radio", name: "parent", value: one.code, checked: one.code === chosen, "data-key": `parent ${one.code}`, onchange: () => verbs.choose(one.code) }),
        el("span", { class: "name" }, places.title(one)),
        " ",
        el("span", { class: "mute t1" }, [one.above ?? one.ancestors?.at(-1)?.name, one.code].filter(Boolean).join(" · ")),
      ),
    ),
    el("td", { class: "v" }, one.households === undefined ? "" : figureText.number(one.households)),
  );
}

function chooser(asked, verbs) {
  const { area, offered, to, word = "", found = [] } = asked;
  const level = named(boot.all_levels, area.ancestors.at(-1).level);
  const options = (areas) => areas.map((one) => option(one, to?.code, verbs));
  const list = el("tbody", {});
  const none = el("p", { class: "hint", role: "status" });
  let turn = 0;
  /** What the word finds; what is chosen stays, and without a word come the neighbours. */
  const tell = (word, found) => {
    const others = to && !found.some((one) => one.code === to.code) ? [to] : [];
    list.replaceChildren(...options(word.trim() ? [...others, ...found] : offered));
    none.textContent = word.trim() && !found.length ? t("search.none", { word: word.trim() }) : "";
  };
  const find = async (word) => {
    const now = ++turn,
      found = await verbs.search(word);
    if (now !== turn) return;
    Object.assign(asked, { word, found }); // outlives the renewal of the panel
    tell(word, found);
  };
  tell(word, found);
  const input = el("input", {
    class: "input",
    type: "search",
    value: word,
    autocomplete: "off",
    spellcheck: "false",
    placeholder: t("transfer.search", { level }),
    "aria-label": t("transfer.search", { level }),
    "data-key": "search",
    oninput: (event) => find(event.currentTarget.value),
  });
  return section(t("transfer.to"), null, el("p", { class: "hint" }, t("transfer.how", { level })), input, none, el("table", { class: "eff" }, tableHead(t("fig.households")), list));
}

/** Households, people and ground of a parent, now and after. */
function sums(parent, sign, moved) {
  const change = (of, show) => {
    const [is, by] = [of(parent), of(moved)];
    return known(is) && known(by) ? (show ?? format.number)(is + sign * by) : t("value.unknown");
  };
  return SHARES.map(([key, of, show]) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, t(`fig.${key}`)),
      el("td", { class: "was" }, known(of(parent)) ? (show ?? format.number)(of(parent)) : t("value.unknown")),
      el("td", { class: "v" }, change(of, show)),
    ),
  );
}

function parents({ old, to }, moved) {
  const group = (parent, words) => el("tr", { class: "grp" }, el("th", { scope: "colgroup", colspan: "3" }, el("b", {}, t(words, { name: places.title(parent) }))));
  return el(
    "table",
    { class: "eff" },
    tableHead(t("fig.now"), t("draw.after")),
    el("tbody", {}, group(old, "transfer.from-parent"), sums(old, -1, moved), group(to, "transfer.to-parent"), sums(to, 1, moved)),
  );
}

/** Who would fall apart, or not hang together, and the way to allow it. */
function refused(error, { area, old, to }, verbs) {
  const parent = old ?? { code: area.parent, level: area.ancestors.at(-1).level };
  const words = {
    parts: () => t("transfer.parts", { name: places.title(parent), n: error.body.parts }),
    "not-adjacent": () => t("transfer.not-adjacent", { name: places.title(area), to: places.title(to) }),
  }[error.code]?.();
  const offers = words ? [{ key: "parts", words: t("parts.allow"), verb: () => verbs.parts(true) }] : [];
  return effectParts.refusal({ words: words ?? error.text, where: error.where }, verbs.see, offers);
}

/**
 * @param {{area: object, old: object | null, to: object | null, offered: object[], parts: boolean}} asked
 * @param {{answer: object | null, error: Error | null}} state
 * @param {{choose: (code: string) => void, search: (word: string) => Promise<object[]>, parts: (on: boolean) => void, cancel: () => void, save:
 *   () => void, see: (where: [number, number]) => void}} verbs
 */
export function transferPanel(asked, { answer, error }, verbs) {
  const { area, old, to } = asked;
  const told = answer && findingsList(answer.findings, { holds: [t("check.conserved")], onPlace: verbs.see });
  const moved = answer?.changed.find((one) => one.fid === area.fid);
  const ready = answer && !error && !told.errors;
  side.show("transfer", {
    asks: true,
    title: t("transfer.title", { name: places.title(area) }),
    chip: el("span", { class: "chip edit" }, t("preview.unsaved")),
    sub: [places.above(area), " ", el("span", { class: "code" }, area.code)],
    body: [
      chooser(asked, verbs),
      error ? refused(error, asked, verbs) : null,
      effectParts.parts(asked.parts, () => verbs.parts(false)),
      answer && old && to ? section(t("transfer.sums"), figureText.households(moved?.after?.households), parents(asked, answer.totals_after)) : null,
      moved && moved.code !== area.code
        ? section(t("transfer.code"), null, el("p", {}, el("span", { class: "code" }, area.code), " → ", el("span", { class: "code" }, moved.code)))
        : null,
      told ? section(t("check.title"), told.told, told.list) : null,
    ].filter(Boolean),
    actions: el(
      "div",
      { class: "act" },
      el("button", { class: "btn", type: "button", onclick: verbs.cancel, "data-key": "cancel", "data-escape": true }, t("act.cancel"), el("kbd", {}, "Esc")),
      el(
        "button",
        { class: "btn pri", type: "button", "data-key": "save", onclick: ready ? verbs.save : null, "aria-disabled": ready ? null : "true" },
        t("transfer.save"),
        el("kbd", {}, "Enter"),
      ),
      el("p", { class: "note" }, t("preview.note")),
    ),
  });
}
