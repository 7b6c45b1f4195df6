// The card of a post: state, who is there and since when, who may pass today, what it serves, its people.
import { boot } from "../data/boot.js";
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { named } from "../data/named.js";
import { posts } from "../data/posts.js";
import { el } from "./dom.js";
import { factTable } from "./fact_table.js";
import { figureSections } from "./figure_sections.js";
import { figureText } from "./figure_text.js";
import { icon } from "./icon.js";
import { places } from "./places.js";
import { side } from "./side.js";

const { section } = figureSections;
const words = (pair) => pair?.[boot.lang] || pair?.zh || "";

export const postChip = (post) => {
  const look = posts.look(post);
  return el("span", { class: `chip ${look.chip}` }, icon(look.icon, "s"), posts.words(post));
};

/** How many are there now: minus, number, plus, and a button that says so. */
function counter(post, count) {
  const input = el("input", {
    class: "input n",
    inputmode: "numeric",
    value: post.present ?? "",
    placeholder: "?",
    "aria-label": t("post.present"),
    "data-key": "present",
  });
  const read = () => (/^\d+$/.test(input.value.trim()) ? Number(input.value) : null);
  const step = (by) => () => {
    input.value = String(Math.max(0, (read() ?? 0) + by));
  };
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    count(read());
  });
  const button = (name, by) =>
    el("button", { class: "btn icon", type: "button", "aria-label": t(`post.${name}`), "data-key": name, onclick: step(by) }, icon(name === "one-less" ? "minus" : "plus", "s"));
  return el(
    "div",
    { class: "counter", role: "group", "aria-label": t("post.present") },
    button("one-less", -1),
    input,
    button("one-more", 1),
    el("span", { class: "mute" }, t("post.of", { n: post.required ?? "?" })),
    el("button", { class: "btn pri", type: "button", "data-key": "count", "data-writes": true, onclick: () => count(read()) }, t("post.count")),
  );
}

function facts(post) {
  const served = post.areas.flatMap((area, i) => [i ? el("br") : null, `${places.title(area)} `, el("span", { class: "mute" }, area.code)]);
  const off = post.due ? null : ` · ${t("post.off-hours")}`;
  return section(
    null,
    null,
    factTable(
      [
        [t("post.field-hours"), post.hours ? [post.hours, off] : t("value.unknown")],
        [t("post.field-required"), figureText.number(post.required)],
        [t("fig.gap"), post.state === "short" ? el("span", { class: "c-warn" }, format.number(post.gap)) : null],
        [t("post.phone"), post.phone],
        [t("post.field-areas"), served.length ? served : t("post.no-areas")],
        [t("post.field-note"), post.note],
      ],
      "wrap",
    ),
  );
}

function rule(told) {
  if (!told) return section(t("post.rule"), null, el("p", { class: "hint" }, t("wait")));
  const kind = told.rule ? named(boot.zone_kinds, told.rule.kind) : null;
  return section(
    t("post.rule"),
    kind,
    el("p", { class: "rule" }, told.rule ? words(told.rule) : t("post.no-rule")),
    told.zones.length ? el("p", { class: "hint" }, format.list(told.zones.map((zone) => zone.name))) : null,
  );
}

function serves(told) {
  if (!told) return null;
  const known = told.buildings.filter(({ households }) => households !== null);
  const homes = known.reduce((sum, { households }) => sum + households, 0);
  return section(
    t("post.serves"),
    t("post.serves-sum", { buildings: told.buildings.length, households: known.length ? format.number(homes) : t("value.unknown") }),
    el(
      "p",
      { class: "hint" },
      told.heads_hidden ? t("post.heads-hidden") : !told.heads.length ? t("post.heads-none") : t("post.heads-known", { n: told.heads.length, count: told.heads.length }),
    ),
  );
}

function crew(told) {
  if (!told) return null;
  const person = (one) =>
    el("tr", {}, el("th", { scope: "row" }, one.name ?? named(boot.roles, one.role)), el("td", {}, [named(boot.roles, one.role), one.phone].filter(Boolean).join(" ")));
  return section(
    t("post.crew"),
    format.number(told.staff.length),
    told.staff.length
      ? el("table", { class: "eff list" }, el("tbody", {}, told.staff.map(person)))
      : el("p", { class: "hint" }, t("post.crew-none")),
  );
}

/**
 * @param {object} post as GET /api/checkpoints gives it
 * @param {object | null} told the post card with `staff`; null while it is read
 * @param {Record<"count" | "edit" | "close" | "remove" | "go" | "shut", Function>} verbs
 */
export function showPostCard(post, told, verbs) {
  const { can } = boot.account;
  const button = (key, name, onclick, more = {}) =>
    el("button", { class: "btn", type: "button", "data-key": key, onclick, ...more }, icon(name, "s"), t(`post.${key}`));
  side.show(`post ${post.id}`, {
    title: posts.name(post),
    chip: postChip(post),
    sub: [named(boot.post_kinds, post.kind), " ", el("span", { class: "code" }, post.code ?? "")],
    body: [
      section(
        t("post.present"),
        el("span", {}, post.present_at ? format.age(post.age_s) : t("post.never")),
        can.report ? counter(post, verbs.count) : el("p", {}, posts.words(post)),
      ),
      facts(post),
      rule(told),
      serves(told),
      crew(told),
    ].filter(Boolean),
    actions: el(
      "div",
      { class: "act row" },
      button("go", "place", verbs.go),
      el(
        "a",
        { class: "btn", href: boot.urls.post_page.replace("{id}", post.id), target: "_blank", rel: "noopener", "data-key": "card" },
        icon("export", "s"),
        t("post.card"),
      ),
      can.edit_facts
        ? [
            button("edit", "edit", verbs.edit, { "data-writes": true }),
            button(post.closed ? "reopen" : "close", post.closed ? "ok" : "close", verbs.close, { "data-writes": true }),
            button("remove", "trash", verbs.remove, { "data-writes": true }),
          ]
        : null,
    ),
    onShut: verbs.shut,
  });
}
