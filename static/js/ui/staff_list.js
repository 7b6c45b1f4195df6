// Who works in an area: on the area itself, its buildings, stairwells and posts. Added, changed, moved, removed, each with undo.
import { api } from "../data/api.js";
import { boot } from "../data/boot.js";
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { named } from "../data/named.js";
import { el } from "./dom.js";
import { field, refuse } from "./field.js";
import { figureSections } from "./figure_sections.js";
import { icon } from "./icon.js";
import { places } from "./places.js";

const MOST = 1000,
  AT_ONCE = 40; // people shown before somebody asks for all
const { section } = figureSections;
const read = (layer, code) =>
  api
    .get(boot.urls.layer, { path: { layer }, query: { area: code, limit: MOST, ...(layer === "staff" || layer === "teams" ? {} : { geometry: false }) } })
    .then((told) => told[layer])
    .catch(() => []);

/** Where people can be: the area, its posts, buildings and stairwells, as options of a list. */
async function spots(area) {
  const [checkpoints, buildings, units, teams] = await Promise.all(
    ["checkpoints", "buildings", "units", "teams"].map((layer) => (layer === "units" && !area.leaf ? [] : read(layer, area.code))),
  );
  const house = new Map(buildings.map((one) => [one.id, one.name || one.code || `#${one.id}`]));
  return {
    teams,
    groups: [
      { key: "area", label: t("staff.at-area"), options: [{ value: "", text: places.title(area), row: { post: null, building: null, unit: null } }] },
      {
        key: "post",
        label: t("staff.at-post"),
        options: checkpoints.map((one) => ({ value: `post ${one.id}`, text: one.name || one.code || `#${one.id}`, row: { post: one.id, building: null, unit: null } })),
      },
      {
        key: "building",
        label: t("staff.at-building"),
        options: area.leaf ? buildings.map((one) => ({ value: `building ${one.id}`, text: house.get(one.id), row: { post: null, building: one.id, unit: null } })) : [],
      },
      {
        key: "unit",
        label: t("staff.at-unit"),
        options: units.map((one) => ({ value: `unit ${one.id}`, text: `${house.get(one.building) ?? ""} ${one.name || one.code}`.trim(), row: { post: null, building: one.building, unit: one.id } })),
      },
    ],
  };
}

const spotOf = (person) =>
  person.post ? `post ${person.post}` : person.unit ? `unit ${person.unit}` : person.building ? `building ${person.building}` : "";

/** The form of one person, new or known. */
function personForm(person, area, at, { done, cancel }) {
  const pick = (name, options, value) =>
    el("select", { class: "input", name, "data-key": `person ${name}` }, options.map((one) => el("option", { value: one.value, selected: one.value === value }, one.text)));
  const listed = at.groups.filter((group) => group.options.length);
  const place = el(
    "select",
    { class: "input", name: "place", "data-key": "person place" },
    listed.map((group) => el("optgroup", { label: group.label }, group.options.map((one) => el("option", { value: one.value, selected: one.value === spotOf(person) }, one.text)))),
  );
  if (spotOf(person) && !listed.some((group) => group.options.some((one) => one.value === spotOf(person))))
    place.prepend(el("option", { value: spotOf(person), selected: true }, t("staff.elsewhere")));
  const teams = [{ value: "", text: t("staff.no-team") }, ...at.teams.map((team) => ({ value: String(team.id), text: team.name }))];
  const team = person.team ? String(person.team) : "";
  if (team && !teams.some((one) => one.value === team)) teams.push({ value: team, text: t("staff.elsewhere") });
  const fields = {
    name: field({ label: t("facts.person"), name: "name", value: person.name ?? "", maxlength: 60, "data-key": "person name" }),
    role: field({ label: t("facts.role"), input: pick("role", boot.roles.map((role) => ({ value: role.id, text: named(boot.roles, role.id) })), person.role) }),
    phone: field({ label: t("area.phone"), name: "phone", value: person.phone ?? "", inputmode: "tel", maxlength: 40 }),
    organisation: field({ label: t("staff.organisation"), name: "organisation", value: person.organisation ?? "", maxlength: 60 }),
    place: field({ label: t("staff.place"), input: place }),
    team: field({ label: t("staff.team"), input: pick("team", teams, team) }),
    area: field({ label: t("staff.area"), name: "area", value: person.area ?? area.code, "data-key": "person area", hint: t("staff.area-hint") }),
  };
  const rest = el("p", { class: "oops wide", role: "alert" });
  const save = async () => {
    for (const one of Object.values(fields)) one.oops(null);
    rest.textContent = "";
    const chosen = listed.flatMap((group) => group.options).find((one) => one.value === place.value);
    const text = (name) => fields[name].input.value.trim();
    const moved = text("area") !== (person.area ?? area.code);
    const form = {
      name: text("name"),
      role: text("role"),
      phone: text("phone"),
      organisation: text("organisation"),
      team: text("team") ? Number(text("team")) : null,
      area: text("area"),
      ...(chosen && place.value !== spotOf(person) ? chosen.row : {}),
      ...(moved && person.id ? { post: null, building: null, unit: null } : {}),
      ...(person.reassign ? { reassign: false } : {}),
    };
    try {
      await (person.id
        ? api.patch(boot.urls.item, { path: { layer: "staff", id: person.id }, body: { version: person.version, ...form } })
        : api.post(boot.urls.layer, { path: { layer: "staff" }, body: form }));
      done(t(person.id ? (moved ? "staff.moved" : "staff.changed") : "staff.added", { name: form.name }));
    } catch (error) {
      refuse(error, fields, (words) => {
        rest.textContent = words;
      });
    }
  };
  const node = el(
    "form",
    {
      class: "form person",
      onsubmit: (event) => {
        event.preventDefault();
        save();
      },
    },
    Object.values(fields).map((one) => one.node),
    rest,
    el(
      "div",
      { class: "wide r" },
      el("button", { class: "btn", type: "button", onclick: cancel, "data-key": "person cancel" }, t("act.cancel")),
      el("button", { class: "btn pri", type: "submit", "data-key": "person save", "data-writes": true }, t(person.id ? "staff.save" : "staff.add")),
    ),
  );
  return { node, focus: () => fields.name.input.focus() };
}

/**
 * @param {{code: string, name: string, leaf?: boolean}} area
 * @param {{saved: (words: string) => void}} acts
 * @returns {Promise<{node: HTMLElement, button: HTMLElement | null}>} the section, and the button that adds somebody
 */
export async function crewList(area, acts) {
  const [crew, at] = await Promise.all([read("staff", area.code), spots(area)]);
  const may = boot.account.can.edit_facts;
  const where = new Map(at.groups.flatMap((group) => group.options.map((one) => [one.value, one.text])));
  const host = el("div", {});
  let open = null;
  const shut = () => {
    open?.remove();
    open = null;
  };
  const edit = (person, before) => {
    shut();
    const form = personForm(person, area, at, { done: acts.saved, cancel: shut });
    open = el("div", { class: "opened" }, form.node);
    if (before) before.after(open);
    else host.prepend(open);
    form.focus();
  };
  const remove = async (person, line) => {
    try {
      await api.delete(boot.urls.item, { path: { layer: "staff", id: person.id }, query: { version: person.version } });
      acts.saved(t("staff.removed", { name: person.name ?? named(boot.roles, person.role) }));
    } catch (error) {
      line.append(el("p", { class: "oops", role: "alert" }, error.text));
    }
  };
  const row = (person) => {
    const name = person.name ?? named(boot.roles, person.role);
    const line = el(
      "li",
      {},
      el("b", {}, name),
      el("span", {}, person.name ? named(boot.roles, person.role) : t("staff.name-hidden")),
      el("small", {}, [where.get(spotOf(person)) ?? places.called(person.area ?? ""), person.phone].filter(Boolean).join(" · ")),
      person.reassign ? el("span", { class: "chip warn" }, icon("warn", "s"), t("staff.reassign")) : null,
      may
        ? el(
            "span",
            { class: "acts" },
            el("button", { class: "lk", type: "button", "data-key": `edit ${person.id}`, "aria-label": t("staff.edit-of", { name }), onclick: () => edit(person, line) }, t("staff.edit")),
            el("button", { class: "lk", type: "button", "data-key": `remove ${person.id}`, "data-writes": true, "aria-label": t("staff.remove-of", { name }), onclick: () => remove(person, line) }, t("staff.remove")),
          )
        : null,
    );
    return line;
  };
  const order = ["area", "post", "building", "unit"];
  const kind = (person) => spotOf(person).split(" ")[0] || "area";
  const sorted = [...crew].sort((a, b) => order.indexOf(kind(a)) - order.indexOf(kind(b)) || a.id - b.id);
  const draw = (people) =>
    order.flatMap((key) => {
      const here = people.filter((person) => kind(person) === key);
      return here.length ? [el("h4", {}, t(`staff.at-${key}`), el("span", { class: "num" }, format.number(sorted.filter((person) => kind(person) === key).length))), el("ul", { class: "crew" }, here.map(row))] : [];
    });
  const fill = (people) => host.replaceChildren(...draw(people));
  fill(sorted.slice(0, AT_ONCE));
  if (sorted.length > AT_ONCE) {
    const all = el("button", { class: "lk", type: "button", "data-key": "all people", onclick: () => fill(sorted) }, t("staff.show-all", { n: sorted.length }));
    host.append(all);
  }
  if (!sorted.length) host.append(el("p", { class: "hint" }, t("facts.no-staff")));
  return {
    node: section(t("staff.people"), format.number(sorted.length), host),
    button: may
      ? el("button", { class: "btn pri", type: "button", "data-key": "add person", "data-writes": true, onclick: () => edit({ role: boot.roles[0]?.id }, null) }, icon("plus", "s"), t("staff.add"))
      : null,
  };
}
