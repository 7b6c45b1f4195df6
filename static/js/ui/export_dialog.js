// Handing data over: layer, part, format, CRS, encoding; receiver and purpose are always asked and always logged.
import { api } from "../data/api.js";
import { boot } from "../data/boot.js";
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { dialog } from "./dialog.js";
import { el } from "./dom.js";
import { icon } from "./icon.js";

const ASK_MS = 700;
const CRS_WORDS = {
  "EPSG:4490": "CGCS2000",
  "EPSG:4326": "WGS 84",
  "EPSG:4549": "CGCS2000 / 3°, 120°E",
  "EPSG:4528": "CGCS2000 / 3°, zone 40",
  "EPSG:3857": "Web Mercator",
};

const choose = (name, entries, value) =>
  el(
    "select",
    { class: "input", name },
    entries.map(([id, label]) => el("option", { value: id, selected: id === value }, label)),
  );
const field = (key, input, { required = false, wide = false } = {}) =>
  el(
    "label",
    { class: `field ${wide ? "wide" : ""}` },
    el("span", {}, t(`export.${key}`), required ? el("em", {}, " *") : null),
    input,
  );

async function follow(id, job) {
  for (;;) {
    const told = await api.get(boot.urls.export, { path: { id } });
    const share = Math.round((told.progress ?? 0) * 100);
    const bar = el(
      "svg",
      {
        class: "bar",
        viewBox: "0 0 100 3",
        preserveAspectRatio: "none",
        role: "progressbar",
        "aria-valuenow": share,
        "aria-valuemin": 0,
        "aria-valuemax": 100,
        "aria-label": t("export.running"),
      },
      el("rect", { class: "b0", width: 100, height: 3 }),
      el("rect", { class: "b1", width: share, height: 3 }),
    );
    if (told.state === "failed") {
      job.replaceChildren(el("div", { class: "oops" }, icon("bad", "s"), told.text || t("export.failed")));
      return;
    }
    if (told.state === "done") {
      job.replaceChildren(
        el(
          "div",
          { class: "r" },
          icon("ok", "s"),
          t("export.done", { n: format.number(told.rows) }),
          el("a", { class: "btn pri num", href: told.url, download: true }, icon("export", "s"), t("export.download")),
        ),
        told.text ? el("p", { class: "mute t1" }, told.text) : "",
      );
      job.querySelector("a").focus();
      return;
    }
    job.replaceChildren(
      el("div", { class: "r" }, t(`export.${told.state}`), el("span", { class: "num" }, `${share} %`)),
      bar,
    );
    await new Promise((resolve) => setTimeout(resolve, ASK_MS));
  }
}

/** @param {{layer?: string, area?: {code: string, name: string} | null}} [preset] */
export function exportDialog({ layer = "areas", area = null } = {}) {
  const { exports } = boot;
  const scopes = [["", t("export.everything")], ...(area ? [[area.code, `${area.name || area.code}`]] : [])];
  const inputs = {
    layer: choose(
      "layer",
      exports.layers.map((id) => [id.id ?? id, id.id ? id[boot.lang] : t(`layer.${id}`)]),
      layer,
    ),
    area: choose("area", scopes, area?.code ?? ""),
    format: choose(
      "format",
      exports.formats.map((entry) => [entry.id, entry[boot.lang] ?? entry.zh]),
    ),
    crs: choose(
      "crs",
      exports.crs.map((id) => [id, CRS_WORDS[id] ? `${id} ${CRS_WORDS[id]}` : id]),
      exports.default?.crs,
    ),
    encoding: choose(
      "encoding",
      exports.encodings.map((id) => [id, id]),
      exports.default?.encoding,
    ),
    receiver: el("input", { class: "input", name: "receiver", required: true, maxlength: 120 }),
    purpose: el("input", { class: "input", name: "purpose", required: true, maxlength: 200 }),
  };
  /** Only the encodings that the chosen format knows. */
  const fit = () => {
    const known = exports.formats.find((entry) => entry.id === inputs.format.value)?.encodings ?? exports.encodings;
    for (const option of inputs.encoding.options) option.disabled = !known.includes(option.value);
    if (inputs.encoding.selectedOptions[0]?.disabled) inputs.encoding.value = known[0] ?? exports.encodings[0];
  };
  inputs.format.addEventListener("change", fit);
  fit();
  const oops = el("p", { class: "oops", role: "alert" }),
    job = el("div", { class: "job", hidden: true, "aria-live": "polite" });
  const go = el("button", { class: "btn pri", type: "submit", form: "export-form" }, t("export.go"));
  const form = el(
    "form",
    {
      id: "export-form",
      class: "form",
      onsubmit: async (event) => {
        event.preventDefault();
        oops.textContent = "";
        const body = Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, input.value.trim()]));
        if (!body.area) delete body.area;
        if (!body.encoding) delete body.encoding;
        go.disabled = true;
        try {
          const { id } = await api.post(boot.urls.exports, { body });
          job.hidden = false;
          await follow(id, job);
        } catch (error) {
          oops.textContent = error.text;
        }
        go.disabled = false;
      },
    },
    field("layer", inputs.layer),
    field("area", inputs.area),
    field("format", inputs.format),
    field("crs", inputs.crs),
    field("encoding", inputs.encoding),
    el("span"),
    field("receiver", inputs.receiver, { required: true, wide: true }),
    field("purpose", inputs.purpose, { required: true, wide: true }),
  );
  const { shut } = dialog({
    title: t("export.title"),
    body: [form, oops, job],
    actions: [
      el("p", { class: "note" }, t("export.note")),
      el("button", { class: "btn", type: "button", onclick: () => shut() }, t("act.close")),
      go,
    ],
  });
  inputs.receiver.focus();
}
