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
const ATTRIBUTES = [
  ["name", "text"],
  ["leader", "text"],
  ["phone", "text"],
  ["norm_min", "int"],
  ["norm_max", "int"],
  ["note", "text"],
];
const MOST = 1000;

/** The attributes of an area as form fields. */
function attributes(area, onDirty) {
  const inputs = ATTRIBUTES.map(([name, type]) => ({
    name,
    type,
    input: el("input", {
      class: "input",
      name,
      inputmode: type === "int" ? "numeric" : null,
      value: area[name] ?? "",
      oninput: onDirty,
    }),
  }));
  const locked = el("input", { type: "checkbox", checked: area.locked, onchange: onDirty }),
    dedicated = el("input", { type: "checkbox", checked: area.kind === "dedicated", onchange: onDirty });
  const empty =
    "uninhabited" in area ? el("input", { type: "checkbox", checked: area.uninhabited, onchange: onDirty }) : null;
  const oops = el("p", { class: "oops", role: "alert" });
  const changes = () => {
    const found = {};
    for (const { name, type, input } of inputs) {
      const text = input.value.trim(),
        value = type === "int" ? (text === "" ? null : /^\d+$/.test(text) ? Number(text) : text) : text;
      if (value !== (area[name] ?? (type === "int" ? null : ""))) found[name] = value;
    }
    if (locked.checked !== Boolean(area.locked)) found.locked = locked.checked;
    if (dedicated.checked !== (area.kind === "dedicated")) found.kind = dedicated.checked ? "dedicated" : "";
    if (empty && empty.checked !== Boolean(area.uninhabited)) found.uninhabited = empty.checked;
    return found;
  };
  return {
    node: el(
      "div",
      { class: "form" },
      inputs.map(({ name, input }) =>
        el("label", { class: `field ${name === "note" ? "wide" : ""}` }, el("span", {}, t(`area.${name}`)), input),
      ),
      el("label", { class: "check" }, locked, t("area.locked")),
      el("label", { class: "check" }, dedicated, t("area.dedicated")),
      empty ? el("label", { class: "check" }, empty, t("area.uninhabited")) : null,
      oops,
    ),
    dirty: () => (Object.keys(changes()).length ? 1 : 0),
    async save() {
      const found = changes();
      if (!Object.keys(found).length) return { saved: 0, failed: 0 };
      try {
        Object.assign(
          area,
          await api.patch(boot.urls.area, { path: { code: area.code }, body: { version: area.version, ...found } }),
        );
        oops.textContent = "";
        return { saved: 1, failed: 0 };
      } catch (error) {
        oops.textContent = error.text;
        return { saved: 0, failed: 1 };
      }
    },
  };
}

const COUNTS = [
  { key: "households", label: t("fig.households"), type: "int" },
  { key: people, label: t("fig.people"), type: "int" },
];
const patch = (layer) => (row, changes) =>
  api.patch(boot.urls.item, { path: { layer, id: row.id }, body: { version: row.version, ...changes } });

/** Special groups of a row, opened on demand. */
function below(tables, onDirty) {
  return (row) => {
    const button = el("button", { class: "lk", type: "button", "aria-expanded": "false" }, t("facts.more"));
    let line = null,
      special = null;
    button.addEventListener("click", () => {
      line.hidden = !line.hidden;
      button.setAttribute("aria-expanded", String(!line.hidden));
      if (special) return;
      special = specialForm(row, onDirty);
      tables.push(special);
      line.firstChild.append(special.node);
    });
    return {
      button,
      attach: (made) => {
        line = made;
      },
    };
  };
}

/** One field for each special group. */
function specialForm(row, onDirty) {
  const inputs = boot.special_groups.map((group) => ({
    id: group.id,
    input: el("input", {
      class: "input",
      inputmode: "numeric",
      value: row.special?.[group.id] ?? "",
      oninput: onDirty,
    }),
  }));
  const oops = el("p", { class: "oops", role: "alert" });
  const read = () =>
    Object.fromEntries(
      inputs
        .filter(({ input }) => input.value.trim() !== "")
        .map(({ id, input }) => [id, /^\d+$/.test(input.value.trim()) ? Number(input.value) : input.value]),
    );
  let before = JSON.stringify(read());
  return {
    node: el(
      "div",
      { class: "form" },
      inputs.map(({ id, input }) =>
        el("label", { class: "field" }, el("span", {}, named(boot.special_groups, id)), input),
      ),
      oops,
    ),
    dirty: () => (JSON.stringify(read()) === before ? 0 : 1),
    async save() {
      if (JSON.stringify(read()) === before) return { saved: 0, failed: 0 };
      try {
        Object.assign(row, await patch(row.layer)(row, { special: read() }));
        before = JSON.stringify(read());
        oops.textContent = "";
        return { saved: 1, failed: 0 };
      } catch (error) {
        oops.textContent = error.text;
        return { saved: 0, failed: 1 };
      }
    },
  };
}

/** Where people are counted: the stairwells of a building where there are any, else the building. */
async function countedPlaces(code) {
  const read = (layer) =>
    api
      .get(boot.urls.layer, { path: { layer }, query: { area: code, limit: MOST, geometry: false } })
      .then((told) => told[layer])
      .catch(() => []);
  const [buildings, units] = await Promise.all([read("buildings"), read("units")]);
  return buildings.flatMap((building) => {
    const name = building.name || building.code || `#${building.id}`;
    const own = units.filter((unit) => unit.building === building.id);
    return own.length
      ? own.map((unit) => ({ ...unit, layer: "units", label: `${name} ${unit.name || unit.code || ""}` }))
      : [{ ...building, layer: "buildings", label: name }];
  });
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
  const buildings = el("div", {}, el("p", { class: "hint" }, t("wait"))),
    staff = el("div", {}, el("p", { class: "hint" }, t("wait")));
  saveButton.addEventListener("click", async () => {
    if (saveButton.getAttribute("aria-disabled") === "true") return;
    let saved = 0,
      failed = 0;
    for (const table of [...tables]) {
      const done = await table.save();
      saved += done.saved;
      failed += done.failed;
    }
    onDirty();
    (failed ? say.now : say.politely)(
      t(failed ? "facts.failed" : "facts.saved", { n: failed || saved, count: failed || saved }),
    );
    if (saved) onSaved();
  });
  const roles = boot.roles.map((role) => ({ id: role.id, label: named(boot.roles, role.id) }));
  const adding = el("button", { class: "lk", type: "button" }, t("facts.add-person"));
  side.show(`facts ${area.fid}`, {
    title: t("facts.title"),
    sub: [places.title(area), " ", el("span", { class: "code" }, area.code)],
    body: [
      section(t("facts.area"), null, own.node),
      area.leaf ? section(t("facts.buildings"), null, buildings) : null,
      section(t("facts.staff"), adding, staff),
    ].filter(Boolean),
    actions: el(
      "div",
      { class: "act" },
      el("button", { class: "btn", type: "button", onclick: onShut, "data-key": "cancel" }, t("act.back")),
      saveButton,
      el("p", { class: "note" }, t("facts.note")),
    ),
    onShut,
  });
  onDirty();

  if (area.leaf) {
    const counted = await countedPlaces(area.code);
    if (counted.length) {
      const table = factsTable([{ key: "label", label: t("facts.building"), type: "label" }, ...COUNTS], counted, {
        send: (row, changes) => patch(row.layer)(row, changes),
        onDirty,
        extra: boot.special_groups.length ? below(tables, onDirty) : undefined,
      });
      tables.push(table);
      buildings.replaceChildren(table.node);
    } else buildings.replaceChildren(el("p", { class: "hint" }, t("facts.no-buildings")));
  }
  const crew = await api
    .get(boot.urls.layer, { path: { layer: "staff" }, query: { area: area.code, limit: MOST } })
    .catch(() => null);
  const send = (row, changes, fresh) =>
    fresh
      ? api.post(boot.urls.layer, { path: { layer: "staff" }, body: { area: area.code, ...changes } })
      : patch("staff")(row, changes);
  const remove = (row) =>
    row.id === undefined
      ? Promise.resolve()
      : api.delete(boot.urls.item, { path: { layer: "staff", id: row.id }, query: { version: row.version } });
  const table = factsTable(
    [
      { key: "name", label: t("facts.person"), type: "text" },
      { key: "role", label: t("facts.role"), type: "choice", choices: roles },
      { key: "phone", label: t("area.phone"), type: "text" },
    ],
    crew?.staff ?? [],
    { send, remove, onDirty },
  );
  tables.push(table);
  staff.replaceChildren(table.node, ...(crew?.staff?.length ? [] : [el("p", { class: "hint" }, t("facts.no-staff"))]));
  adding.addEventListener("click", () => {
    staff.querySelector(".hint")?.remove();
    table.add({ name: "", role: roles[0]?.id, phone: "" });
  });
  adding.prepend(icon("plus", "s"));
}
