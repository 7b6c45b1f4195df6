// The form of a package: what, of where, as what, for whom. It says how many rows there are before anything is made, and
// offers the plane coordinates that fit the place.
import { api } from "../data/api.js";
import { boot } from "../data/boot.js";
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { choose, labelled, scopes } from "./choices.js";
import { el } from "./dom.js";
import { follow } from "./made_file.js";

const COUNT_MS = 250;
const ZONE = 3; // degrees

/** The middle of the area, else of all one may see. */
function longitude(area) {
  const bounds = area?.bounds ?? boot.map.bounds;
  return bounds ? (bounds[0] + bounds[2]) / 2 : null;
}

/** Degrees first, then the zones that fit, then all others. */
function crsChoice(area) {
  const { crs, default: preset } = boot.exports;
  const lon = longitude(area);
  const fits = (entry) => lon !== null && entry.lon0 === ZONE * Math.round(lon / ZONE);
  const option = (entry) => el("option", { value: entry.id, selected: entry.id === preset?.crs }, `${entry.id}  ${entry.name}`);
  const group = (key, entries) => (entries.length ? el("optgroup", { label: t(`export.crs-${key}`) }, entries.map(option)) : null);
  const planes = crs.filter((entry) => entry.lon0 !== null);
  return el("select", { class: "input", name: "crs" }, [
    group("degrees", crs.filter((entry) => entry.lon0 === null)),
    group("fitting", planes.filter(fits)),
    group("other", planes.filter((entry) => !fits(entry))),
  ]);
}

const check = (name, key) => {
  const input = el("input", { type: "checkbox", name });
  return { input, node: el("label", { class: "check wide" }, input, el("span", {}, t(`export.${key}`))) };
};

/** @returns {HTMLFormElement} */
export function packageForm({ layer, area, go, job, refuse }) {
  const { exports } = boot;
  const named = (entries) => entries.map((entry) => [entry.id, entry[boot.lang] ?? entry.zh]);
  const inputs = {
    layer: choose("layer", named(exports.layers), layer),
    level: choose("level", [["", t("export.leaves")], ...named(boot.levels)], ""),
    status: choose("status", [["in_force", t("export.in-force")], ["", t("export.any-status")]], "in_force"),
    area: choose("area", scopes(area), area?.code ?? ""),
    format: choose("format", named(exports.formats)),
    crs: crsChoice(area),
    encoding: choose("encoding", exports.encodings.map((id) => [id, id]), exports.default?.encoding),
    receiver: el("input", { class: "input", name: "receiver", required: true, maxlength: 120, "data-first": true }),
    purpose: el("input", { class: "input", name: "purpose", required: true, maxlength: 200 }),
  };
  const personal = check("personal", "personal"),
    figures = check("figures", "figures");
  const rows = el("p", { class: "hint wide", role: "status" });
  const level = labelled("level", inputs.level),
    status = labelled("status", inputs.status);
  const chosen = (entries, input) => entries.find((entry) => entry.id === input.value);

  /** Only what the layer and the format know of. */
  function fit() {
    const held = chosen(exports.layers, inputs.layer);
    for (const option of inputs.format.options)
      option.disabled = !held.shape && exports.formats.find((entry) => entry.id === option.value).needs_shape;
    if (inputs.format.selectedOptions[0].disabled) inputs.format.value = [...inputs.format.options].find((one) => !one.disabled).value;
    const into = chosen(exports.formats, inputs.format);
    for (const option of inputs.encoding.options) option.disabled = !into.encodings.includes(option.value);
    if (inputs.encoding.selectedOptions[0].disabled) [inputs.encoding.value] = into.encodings;
    for (const option of inputs.crs.querySelectorAll("option")) option.disabled = into.crs.length > 0 && !into.crs.includes(option.value);
    if (inputs.crs.selectedOptions[0].disabled) [inputs.crs.value] = into.crs;
    level.hidden = inputs.layer.value !== "areas";
    status.hidden = inputs.layer.value !== "zones";
    figures.node.hidden = !(into.table && held.shape);
    personal.node.hidden = !(held.personal && exports.personal);
    inputs.crs.disabled = !held.shape;
  }

  function order() {
    const body = Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, input.value.trim()]));
    for (const name of ["area", "level", "status", "receiver", "purpose"]) if (!body[name]) delete body[name];
    if (level.hidden) delete body.level;
    if (status.hidden) delete body.status;
    if (!personal.node.hidden && personal.input.checked) body.personal = true;
    if (!figures.node.hidden && figures.input.checked) body.shapes = false;
    return { ...body, package: true };
  }

  let timer = null,
    asked = 0,
    decided = false; // somebody chose the status of zones by hand
  inputs.status.addEventListener("change", () => (decided = true));
  const rowsOf = ({ receiver: _, purpose: __, ...body }) => api.post(boot.urls.exports, { query: { preview: true }, body });

  /** How many rows there are, a moment after the last choice. */
  function count() {
    clearTimeout(timer);
    const mine = (asked += 1);
    timer = setTimeout(async () => {
      let words;
      try {
        let told = await rowsOf(order());
        if (!told.rows && !status.hidden && inputs.status.value && !decided && mine === asked) {
          inputs.status.value = ""; // nothing is in force yet: what there is are proposals
          told = await rowsOf(order());
        }
        words = t(told.rows ? "export.rows" : "export.no-rows", { n: format.number(told.rows), count: told.rows });
      } catch (error) {
        words = error.text;
      }
      if (mine === asked && form.isConnected) rows.textContent = words;
    }, COUNT_MS);
  }

  const form = el(
    "form",
    {
      id: "export-form",
      class: "form",
      onchange: () => {
        fit();
        count();
      },
      onsubmit: async (event) => {
        event.preventDefault();
        refuse(null);
        go.disabled = true;
        try {
          const { id } = await api.post(boot.urls.exports, { body: order() });
          job.hidden = false;
          await follow(boot.urls.export, id, job, (told) => t("export.done", { n: format.number(told.rows), count: told.rows }));
        } catch (error) {
          refuse(error.text);
        }
        go.disabled = false;
      },
    },
    labelled("layer", inputs.layer),
    labelled("area", inputs.area),
    level,
    status,
    labelled("format", inputs.format),
    labelled("encoding", inputs.encoding),
    labelled("crs", inputs.crs, { wide: true }),
    figures.node,
    personal.node,
    rows,
    labelled("receiver", inputs.receiver, { required: true, wide: true }),
    labelled("purpose", inputs.purpose, { required: true, wide: true }),
  );
  fit();
  count();
  return form;
}
