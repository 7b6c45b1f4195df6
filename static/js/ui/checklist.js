// What is still to be done before a place can be worked with: state, what was found, and the next step.
import { api } from "../data/api.js";
import { boot } from "../data/boot.js";
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { dialog } from "./dialog.js";
import { el } from "./dom.js";
import { icon } from "./icon.js";

const MARKS = { done: "ok", todo: "minus", warn: "warn", optional: "info" };
const named = (level) => level[boot.lang] ?? level.zh;
const comma = () => t("list.comma");

/** line -> what was found, in words; every number comes from the server */
const FOUND = {
  levels: ({ levels, used, all }) =>
    used
      ? t("checklist.levels-found", { used, all, list: levels.filter((level) => level.areas).map((level) => `${named(level)} ${format.number(level.areas)}`).join(comma()) })
      : t("checklist.levels-none", { list: levels.map(named).join(comma()) }),
  codes: ({ profile, wrong, codes }) => (wrong ? t("checklist.codes-wrong", { profile, n: format.number(wrong), list: codes.slice(0, 5).join(comma()) }) : t("checklist.codes-found", { profile })),
  areas: ({ areas, leaves, gaps, overlaps, nesting, since, checked_at: at }) =>
    !areas
      ? t("empty.areas")
      : [
          t("checklist.areas-found", { n: format.number(areas), leaves: format.number(leaves) }),
          at ? t("checklist.areas-checked", { gaps, overlaps, nesting, time: format.time(at) }) : t("checklist.areas-unchecked"),
          since ? t("checklist.areas-since", { n: since, count: since }) : null,
        ].filter(Boolean).join(t("list.semicolon")),
  norms: ({ min, max, without, leaves, ...level }) => [min === null ? t("checklist.norms-none", { level: named(level) }) : t("checklist.norms-found", { level: named(level), min, max }), leaves && without ? t("checklist.norms-without", { n: format.number(without) }) : null].filter(Boolean).join(t("list.semicolon")),
  people: ({ leaves, unknown, known_share: share }) => (leaves ? t("checklist.people-found", { share: format.percent(share), n: format.number(unknown), all: format.number(leaves) }) : t("value.unknown")),
  staff: ({ people }) => t("checklist.staff-found", { n: format.number(people), count: people }),
  accounts: ({ accounts, roles, lacking, demo }) =>
    [
      t("checklist.accounts-found", { n: accounts, count: accounts, list: Object.entries(roles).map(([role, n]) => `${t(`role.${role}`)} ${n}`).join(comma()) }),
      lacking.length ? t("checklist.accounts-lacking", { list: lacking.map((role) => t(`role.${role}`)).join(comma()) }) : null,
      demo.length ? t("checklist.accounts-demo", { list: demo.join(comma()) }) : null,
    ].filter(Boolean).join(t("list.semicolon")),
  basemap: ({ maps }) => (maps.length ? t("checklist.basemap-found", { list: maps.join(comma()) }) : t("checklist.basemap-none")),
  backup: ({ at, days }) => (at ? t("checklist.backup-found", { time: format.time(at), n: days, count: days }) : t("checklist.backup-none")),
};

function row({ id, state, values, command, link }) {
  return el(
    "li",
    { class: `step ${state}`, "data-key": id },
    icon(MARKS[state], "s"),
    el(
      "div",
      {},
      el("b", {}, t(`checklist.${id}`)),
      " ",
      el("span", { class: `chip ${{ done: "ok", todo: "plain", warn: "warn", optional: "info" }[state]}` }, t(`checklist.state-${state}`)),
      el("p", {}, FOUND[id](values)),
      state === "done" && !command
        ? null
        : el(
            "p",
            { class: "next" },
            t(`checklist.${id}-next`),
            command ? [" ", el("code", {}, command)] : null,
            link ? [" ", el("a", { href: link }, t(`checklist.${id}-link`))] : null,
          ),
    ),
  );
}

/** @returns {Promise<{node: HTMLElement, left: number}>} */
export async function checklist() {
  const { lines, left } = await api.get(boot.urls.checklist);
  return { node: el("ol", { class: "steps" }, ...lines.map(row)), left };
}

/** The list in a dialog of its own. */
export async function showChecklist() {
  const { node, left } = await checklist();
  const { node: box } = dialog({ title: t("checklist.title"), body: [el("p", { class: "note" }, t("checklist.left", { n: left, count: left })), node] });
  box.classList.add("wide");
}
