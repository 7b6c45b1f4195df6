// The people of an area: need, have and gap by role as numbers and bars, zones, posts, teams, the areas below, and who they are.
import { api } from "../data/api.js";
import { boot } from "../data/boot.js";
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { named } from "../data/named.js";
import { page } from "../data/page.js";
import { el } from "./dom.js";
import { figureSections } from "./figure_sections.js";
import { figureText } from "./figure_text.js";
import { icon } from "./icon.js";
import { places } from "./places.js";
import { side } from "./side.js";
import { crewList } from "./staff_list.js";
import { toast } from "./toast.js";

const { section } = figureSections;
const MOST_BELOW = 60;

/** How much of the need is there, as a bar; where nobody knows an empty one with the word. */
function cover(need, gap, name) {
  const share = gap === null ? 0 : Math.max(0, (need - gap) / need);
  return figureText.bar(share, `${name} ${gap === null ? t("value.unknown") : format.percent(share)}`);
}

function head() {
  return el(
    "thead",
    {},
    el("tr", {}, el("td", {}), ["need", "have", "gap"].map((key) => el("th", { scope: "col" }, t(`fig.${key}`)))),
  );
}

function line(name, { need, have, gap }, more = {}) {
  return [
    el(
      "tr",
      { class: `${more.class ?? ""} barred`.trim(), onclick: more.onclick },
      el("th", { scope: "row" }, more.onclick ? el("button", { class: "lk", type: "button", "data-key": more.key }, name) : name),
      el("td", {}, figureText.number(need)),
      el("td", {}, figureText.number(have)),
      el("td", { class: gap > 0 ? "v c-warn" : "mute" }, gap > 0 ? [icon("warn", "s"), format.number(gap)] : figureText.number(gap)),
    ),
    el("tr", { class: "under" }, el("td", { colspan: 4 }, need ? cover(need, gap, name) : null)),
  ];
}

const table = (...rows) => el("table", { class: "eff staff" }, head(), el("tbody", {}, ...rows));

function zones(told) {
  if (!told.zones.length) return null;
  return section(
    t("staff.zones"),
    t("staff.zones-note"),
    el(
      "table",
      { class: "eff" },
      el("thead", {}, el("tr", {}, el("td", {}), ["residents", "norm", "need"].map((key) => el("th", { scope: "col" }, t(`staff.${key}`))))),
      el(
        "tbody",
        {},
        told.zones.map((zone) =>
          el(
            "tr",
            {},
            el("th", { scope: "row" }, named(boot.zone_kinds, zone.kind)),
            el("td", {}, format.number(zone.residents)),
            el("td", {}, zone.norm ? t("staff.per", { n: zone.norm }) : t("staff.no-norm")),
            el("td", { class: "v" }, format.number(zone.need)),
          ),
        ),
      ),
    ),
    el("p", { class: "hint" }, t("staff.free", { roles: format.list(boot.roles.filter((role) => role.in_zones).map((role) => named(boot.roles, role.id))) })),
  );
}

function posts({ posts: told }) {
  if (!told.all) return null;
  const part = (state, name, chip) =>
    told[state] ? el("span", { class: `chip ${chip}` }, icon(name, "s"), t(`staff.posts-${state}`, { n: told[state] })) : null;
  return section(
    t("staff.posts"),
    t("staff.posts-of", { have: told.have ?? t("value.unknown"), need: told.need }),
    el("p", { class: "chips" }, part("manned", "ok", "ok"), part("short", "warn", "warn"), part("unknown", "unknown", "plain"), part("closed", "close", "plain")),
    el("p", { class: "hint" }, t("staff.roster", told.roster)),
  );
}

function teams(told) {
  if (!told.teams.length) return null;
  return section(
    t("staff.teams"),
    format.number(told.teams.length),
    el(
      "details",
      {},
      el("summary", {}, icon("right", "s"), t("staff.teams-show")),
      el(
        "table",
        { class: "eff" },
        el("tbody", {}, told.teams.map((team) => el("tr", {}, el("th", { scope: "row" }, team.name), el("td", {}, t("unit.people", { n: team.people }))))),
      ),
    ),
  );
}

function below(told, go) {
  if (!told.children.length) return null;
  const worst = [...told.children].sort((a, b) => (b.gap ?? -1) - (a.gap ?? -1) || a.code.localeCompare(b.code));
  const shown = worst.slice(0, MOST_BELOW);
  return section(
    t("staff.below"),
    format.number(told.children.length),
    table(shown.flatMap((child) => line(places.title(child), child, { class: "pick", key: `below ${child.code}`, onclick: () => go(child) }))),
    worst.length > shown.length ? el("p", { class: "hint" }, t("staff.more", { n: worst.length - shown.length })) : null,
  );
}

/** Owns the panel of one area. Verbs: show. */
export class StaffPanel {
  #area = null;

  /** @param {{saved: () => void, undo: () => void, shut: () => void, go: (area: object) => void}} verbs */
  constructor(verbs) {
    this.verbs = verbs;
    const leave = () => {
      if (!this.open) return;
      this.#area = null;
      verbs.shut();
    };
    page.on("tool", leave);
    page.on("selection", () => page.selection[0]?.code !== this.#area?.code && leave());
  }

  /** Whether the panel stands at the side: no other card takes its place by itself. */
  get open() {
    return this.#area !== null;
  }

  /** @param {{code: string, name: string, leaf?: boolean}} area */
  async show(area) {
    this.#area = area;
    if (side.shown !== `staff ${area.code}`) this.#frame(area, [el("section", { class: "sec" }, el("p", { class: "hint" }, t("wait")))]);
    const [told, list] = await Promise.all([api.get(boot.urls.staffing, { query: { area: area.code } }), crewList(area, this.#acts(area))]).catch((error) => {
      toast(error.text, { kind: "bad" });
      return [];
    });
    if (!told || this.#area !== area || side.shown !== `staff ${area.code}`) return;
    const all = { need: told.need, have: told.have, gap: told.gap };
    this.#frame(
      area,
      [
        section(
          t("card.staff"),
          told.have === null ? t("staff.unknown") : null,
          table(line(t("staff.all"), all), told.roles.flatMap((role) => line(named(boot.roles, role.role), role, { class: "ind" }))),
        ),
        zones(told),
        posts(told),
        list.node,
        teams(told),
        below(told, (child) => this.verbs.go(child)),
      ].filter(Boolean),
      list.button,
    );
  }

  /** Reads everything anew while the panel is open; a form that is being filled in stays. */
  again() {
    if (this.open && side.shown === `staff ${this.#area.code}` && !document.querySelector("#side .opened")) this.show(this.#area);
  }

  /** @param {object[]} edits data of `edit` events */
  heard(edits) {
    if (edits.some((edit) => edit.all || edit.facts || edit.layers.includes("staff") || edit.layers.includes("checkpoints"))) this.again();
  }

  #acts(area) {
    return {
      saved: (words) => {
        this.verbs.saved();
        this.show(area);
        toast(words, { action: t("undo.word"), onAction: this.verbs.undo });
      },
    };
  }

  #frame(area, body, adding = null) {
    const shut = () => {
      this.#area = null;
      this.verbs.shut();
    };
    side.show(`staff ${area.code}`, {
      title: t("staff.title"),
      sub: [places.title(area), " ", el("span", { class: "code" }, area.code)],
      body,
      onShut: shut,
      actions: el(
        "div",
        { class: "act" },
        el("button", { class: "btn", type: "button", "data-key": "back", "data-escape": true, onclick: shut }, t("act.back"), el("kbd", {}, "Esc")),
        adding,
        el("p", { class: "note" }, t("staff.note")),
      ),
    });
  }
}
