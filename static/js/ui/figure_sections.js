// Sections of a card made from the figures of an area: people, special groups, staff, norm, known share.
import { boot } from "../data/boot.js";
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { named } from "../data/named.js";
import { el } from "./dom.js";
import { figureText } from "./figure_text.js";
import { icon } from "./icon.js";
import { normStrip } from "./norm_strip.js";

const section = (title, right, ...body) =>
  el(
    "section",
    { class: "sec" },
    title ? el("h3", {}, title, right ? el("span", { class: "r" }, right) : null) : null,
    ...body,
  );
const row = (name, value, more = "") =>
  el("tr", { class: more }, el("th", { scope: "row" }, name), el("td", { class: "v" }, value));

const table = (...rows) => el("table", { class: "eff" }, el("tbody", {}, ...rows));
const fold = (title, content) => el("details", {}, el("summary", {}, icon("right", "s"), title), content);

/** Who may not see special groups gets no total that could give one away: that is not unknown. */
function special(f) {
  return f.special_hidden && f.special_total === null ? t("value.hidden") : figureText.number(f.special_total);
}

export const figureSections = {
  section,
  special,

  head(f) {
    const figure = (label, value, more) =>
      el("div", {}, el("dt", {}, label), el("dd", {}, figureText.number(value), more ? [" ", more] : null));
    return section(
      null,
      null,
      el(
        "dl",
        { class: "big" },
        figure(t("fig.households"), f.households),
        figure(named([boot.population_kind], boot.population_kind.id), f.population),
        f.norm ? figureText.verdict(f.norm) : null,
      ),
    );
  },

  /** @param {object} f figures @param {{folded?: boolean}} [options] folded: groups open on demand */
  people(f, { folded = false } = {}) {
    const kinds = Object.entries(f.people ?? {}).filter(
      ([kind, value]) => value !== null && kind !== boot.population_kind.id,
    );
    const groups = Object.entries(f.special ?? {}).filter(([, value]) => value !== null && value !== 0);
    if (!kinds.length && !groups.length && (f.special_total === null || f.special_total === undefined)) return null;
    const group = ([id, value]) =>
      el(
        "tr",
        { class: "ind" },
        el("th", { scope: "row" }, named(boot.special_groups, id)),
        el("td", {}, figureText.number(value)),
      );
    return section(
      t("card.people"),
      f.estimated ? t("value.estimated") : null,
      table(
        kinds.map(([kind, value]) => row(t(`people.${kind}`), format.number(value))),
        row(t("fig.special"), special(f)),
        folded ? null : groups.map(group),
      ),
      folded && groups.length ? fold(t("card.groups"), table(groups.map(group))) : null,
    );
  },

  /** @param {object} f figures @param {{folded?: boolean}} [options] folded: roles open on demand */
  staff(f, { folded = false } = {}) {
    if (!f.staff) return null;
    const line = (name, need, have, gap, more) =>
      el(
        "tr",
        { class: more },
        el("th", { scope: "row" }, name),
        el("td", {}, figureText.number(need)),
        el("td", {}, figureText.number(have)),
        el("td", { class: gap > 0 ? "v c-warn" : "mute" }, figureText.number(gap)),
      );
    const roles = (f.staff.roles ?? []).filter(({ need, have }) => need || have);
    const missing = (need, have) =>
      have === null || have === undefined || need === null || need === undefined ? null : Math.max(0, need - have);
    const lines = roles.map(({ role, need, have }) =>
      line(named(boot.roles, role), need, have, missing(need, have), "ind"),
    );
    const head = () =>
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          el("td", {}),
          ["need", "have", "gap"].map((key) => el("th", { scope: "col" }, t(`fig.${key}`))),
        ),
      );
    return section(
      t("card.staff"),
      null,
      el(
        "table",
        { class: "eff staff" },
        head(),
        el("tbody", {}, line(t("staff.all"), f.staff.need, f.staff.have, f.staff.gap, ""), folded ? null : lines),
      ),
      folded && lines.length
        ? fold(t("card.roles"), el("table", { class: "eff staff" }, head(), el("tbody", {}, lines)))
        : null,
    );
  },

  norm(f) {
    const norm = f.norm;
    if (!norm || (norm.min === null && norm.max === null) || f.households === null) return null;
    return section(
      t("card.norm", { range: `${norm.min ?? ""}–${norm.max ?? ""}` }),
      null,
      normStrip(norm, { old: f.households }),
    );
  },

  known(f) {
    if (f.known_share === null || f.known_share === undefined) return null;
    const words = t("card.known", { share: format.percent(f.known_share) });
    return section(
      words,
      el("span", { class: f.age_s > (boot.stale_days ?? 90) * 86400 ? "c-stale" : "" }, format.age(f.age_s)),
      figureText.bar(f.known_share, words),
      f.unknown_leaves
        ? el(
            "p",
            { class: "hint" },
            t("card.unknown-leaves", { n: format.number(f.unknown_leaves), count: f.unknown_leaves, all: format.number(f.leaves) }),
          )
        : null,
    );
  },

  declared(f) {
    if (!f.declared) return null;
    const difference = (mine, theirs) =>
      mine === null || theirs === null || mine === undefined || theirs === undefined
        ? ""
        : t("card.declared-difference", { n: format.signed(theirs - mine) });
    const line = (key, theirs, mine) =>
      theirs === null || theirs === undefined
        ? null
        : el(
            "tr",
            {},
            el("th", { scope: "row" }, t(`fig.${key}`)),
            el("td", { class: "v" }, format.number(theirs)),
            el("td", { class: "was" }, difference(mine, theirs)),
          );
    return section(
      t("card.declared"),
      t("card.declared-note"),
      el(
        "table",
        { class: "eff" },
        el(
          "tbody",
          {},
          line("households", f.declared.households, f.households),
          line("people", f.declared.population, f.population),
        ),
      ),
    );
  },
};
