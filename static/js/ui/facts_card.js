// Mending numbers at the place: attributes of an area, its buildings and stairwells, its staff.
import { api } from "../data/api.js";
import { boot } from "../data/boot.js";
import { t } from "../data/i18n.js";
import { named } from "../data/named.js";
import { el } from "./dom.js";
import { factsTable } from "./facts_table.js";
import { figureSections } from "./figure_sections.js";
import { icon } from "./icon.js";
import { places } from "./places.js";
import { say } from "./say.js";
import { side } from "./side.js";

const { section } = figureSections;
const people = boot.population_kind.id;
const ATTRIBUTES = [["name", "text"], ["leader", "text"], ["phone", "text"], ["norm_min", "int"], ["norm_max", "int"], ["note", "text"]];
const idOf = (row) => row.id ?? row.fid;

/** The attributes of an area as form fields. */
function attributes(area, onDirty) {
  const inputs = ATTRIBUTES.map(([name, type]) => ({ name, type, input: el("input", { class: "input", name, inputmode: type === "int" ? "numeric" : null, value: area[name] ?? "", oninput: onDirty }) }));
  const locked = el("input", { type: "checkbox", checked: area.locked, onchange: onDirty }), dedicated = el("input", { type: "checkbox", checked: area.kind === "dedicated", onchange: onDirty });
  const oops = el("p", { class: "oops", role: "alert" });
  const changes = () => {
    const found = {};
    for (const { name, type, input } of inputs) {
      const text = input.value.trim(), value = type === "int" ? (text === "" ? null : /^\d+$/.test(text) ? Number(text) : text) : text;
      if (value !== (area[name] ?? (type === "int" ? null : ""))) found[name] = value;
    }
    if (locked.checked !== Boolean(area.locked)) found.locked = locked.checked;
    if (dedicated.checked !== (area.kind === "dedicated")) found.kind = dedicated.checked ? "dedicated" : "";
    return found;
  };
  return {
    node: el("div", { class: "form" }, inputs.map(({ name, input }) => el("label", { class: `field ${name === "note" ? "wide" : ""}` }, el("span", {}, t(`area.${name}`)), input)),
      el("label", { class: "check" }, locked, t("area.locked")), el("label", { class: "check" }, dedicated, t("area.dedicated")), oops),
    dirty: () => (Object.keys(changes()).length ? 1 : 0),
    async save() {
      const found = changes();
      if (!Object.keys(found).length) return { saved: 0, failed: 0 };
      try {
        Object.assign(area, await api.patch(boot.urls.area, { path: { code: area.code }, body: { version: area.version, ...found } }));
        oops.textContent = "";
        return { saved: 1, failed: 0 };
      } catch (error) {
        oops.textContent = error.text;
        return { saved: 0, failed: 1 };
      }
    },
  };
}

const COUNTS = [{ key: "households", label: t("fig.households"), type: "int" }, { key: people, label: t("fig.people"), type: "int" }];
const groups = () => boot.special_groups.map((group) => ({
  key: `special.${group.id}`, label: named(boot.special_groups, group.id), type: "int", get: (row) => row.special?.[group.id] ?? null,
  put: (changes, value, row) => { changes.special = { ...(row.special ?? {}), ...(changes.special ?? {}) }; if (value === null) delete changes.special[group.id]; else changes.special[group.id] = value; },
}));

const patch = (layer) => (row, changes) => api.patch(boot.urls.item, { path: { layer, id: idOf(row) }, body: { version: row.version, ...changes } });

/** Below a building: its special groups and its stairwells, read when opened. */
function below(tables, onDirty) {
  return (row) => {
    const button = el("button", { class: "lk", type: "button", "aria-expanded": "false" }, t("facts.more"));
    let line = null, read = false;
    button.addEventListener("click", async () => {
      line.hidden = !line.hidden;
      button.setAttribute("aria-expanded", String(!line.hidden));
      if (read) return;
      read = true;
      const cell = line.firstChild;
      const special = factsTable([{ key: "what", label: t("fig.special"), type: "label", get: () => "" }, ...groups()], [row], { send: patch("buildings"), onDirty });
      tables.push(special);
      cell.append(special.node);
      const told = await api.get(boot.urls.layer, { path: { layer: "units" }, query: { building: idOf(row) } }).catch(() => ({ units: [] }));
      if (!told.units?.length) return;
      const units = factsTable([{ key: "name", label: t("facts.unit"), type: "label", get: (unit) => unit.name || unit.code }, ...COUNTS], told.units, { send: patch("units"), onDirty });
      tables.push(units);
      cell.append(units.node);
    });
    return { button, attach: (made) => { line = made; } };
  };
}

/** @param {object} area @param {{onSaved: () => void, onShut: () => void}} verbs */
export async function showFactsCard(area, { onSaved, onShut }) {
  const tables = [];
  const saveButton = el("button", { class: "btn pri", type: "button", "data-key": "save" }, t("facts.save"));
  const onDirty = () => {
    const count = tables.reduce((sum, table) => sum + table.dirty(), 0);
    saveButton.setAttribute("aria-disabled", String(count === 0));
    saveButton.textContent = count ? t("facts.save-n", { n: count, count }) : t("facts.save");
  };
  const own = attributes(area, onDirty);
  tables.push(own);
  const buildings = el("div", {}, el("p", { class: "hint" }, t("wait"))), staff = el("div", {}, el("p", { class: "hint" }, t("wait")));
  saveButton.addEventListener("click", async () => {
    if (saveButton.getAttribute("aria-disabled") === "true") return;
    let saved = 0, failed = 0;
    for (const table of [...tables]) { const done = await table.save(); saved += done.saved; failed += done.failed; }
    onDirty();
    (failed ? say.now : say.politely)(t(failed ? "facts.failed" : "facts.saved", { n: failed || saved, count: failed || saved }));
    if (saved) onSaved();
  });
  const roles = boot.roles.map((role) => ({ id: role.id, label: named(boot.roles, role.id) }));
  const adding = el("button", { class: "lk", type: "button" }, t("facts.add-person"));
  side.show(`facts ${area.fid}`, {
    title: t("facts.title"), sub: [places.title(area), " ", el("span", { class: "code" }, area.code)],
    body: [section(t("facts.area"), null, own.node), area.leaf ? section(t("facts.buildings"), null, buildings) : null, section(t("facts.staff"), adding, staff)].filter(Boolean),
    actions: el("div", { class: "act" }, el("button", { class: "btn", type: "button", onclick: onShut, "data-key": "cancel" }, t("act.back")), saveButton, el("p", { class: "note" }, t("facts.note"))), onShut,
  });
  onDirty();

  if (area.leaf) {
    const told = await api.get(boot.urls.layer, { path: { layer: "buildings" }, query: { area: area.code, limit: 500 } }).catch(() => null);
    if (told?.buildings?.length) {
      const table = factsTable([{ key: "name", label: t("facts.building"), type: "label", get: (row) => row.name || row.code || `#${idOf(row)}` }, ...COUNTS], told.buildings, { send: patch("buildings"), onDirty, extra: below(tables, onDirty) });
      tables.push(table);
      buildings.replaceChildren(table.node);
    } else buildings.replaceChildren(el("p", { class: "hint" }, t("facts.no-buildings")));
  }
  const crew = await api.get(boot.urls.layer, { path: { layer: "staff" }, query: { area: area.code, limit: 500 } }).catch(() => null);
  const send = (row, changes, fresh) => (fresh ? api.post(boot.urls.layer, { path: { layer: "staff" }, body: { area: area.code, ...changes } }) : patch("staff")(row, changes));
  const remove = (row) => (idOf(row) === undefined ? Promise.resolve() : api.delete(boot.urls.item, { path: { layer: "staff", id: idOf(row) }, query: { version: row.version } }));
  const table = factsTable([{ key: "name", label: t("facts.person"), type: "text" }, { key: "role", label: t("facts.role"), type: "choice", choices: roles }, { key: "phone", label: t("area.phone"), type: "text" }], crew?.staff ?? [], { send, remove, onDirty });
  tables.push(table);
  staff.replaceChildren(table.node, ...(crew?.staff?.length ? [] : [el("p", { class: "hint" }, t("facts.no-staff"))]));
  adding.addEventListener("click", () => { staff.querySelector(".hint")?.remove(); table.add({ name: "", role: roles[0]?.id, phone: "" }); });
  adding.prepend(icon("plus", "s"));
}
