// The legend is the layer control: a class clicked is shown alone, its count is live; another metric can be chosen.
import { boot } from "../data/boot.js";
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { named } from "../data/named.js";
import { page } from "../data/page.js";
import { zoneColour } from "../map/images.js";
import { el } from "./dom.js";
import { icon } from "./icon.js";
import { metricMenu } from "./metric_menu.js";

const GROUPS = ["norms", "population", "progress", "staffing"];
const host = el("section", { class: "box legend", "aria-label": t("legend.title") });
document.getElementById("map").append(host);

const edge = () => el("rect", { class: "edge", x: 0.5, y: 0.5, width: 21, height: 13 });
const swatch = (...parts) => el("svg", { class: "sw", viewBox: "0 0 22 14", "aria-hidden": "true" }, ...parts);
const hatched = (gap, side = 1) =>
  Array.from({ length: 10 }, (_, i) => `M${side > 0 ? i * gap - 14 : i * gap} 0l${14 * side} 14`).join("");

/** Short strokes with round ends: dots, as on the map. */
const DOTS = [4, 8, 12, 16, 20].map((x, i) => `M${x - 1} ${i % 2 ? 9.5 : 4.5}h.01`).join("");

function zoneSwatch(kind) {
  const colour = zoneColour(kind);
  const lines = { lockdown: hatched(6) + hatched(6, -1), control: hatched(6, -1), prevention: DOTS }[colour];
  return swatch(
    el("rect", {
      class: `z-${colour}`,
      x: 1,
      y: 1,
      width: 20,
      height: 12,
      "stroke-width": 1.6,
      "stroke-dasharray": colour === "prevention" ? "3 2" : null,
    }),
    el(
      "svg",
      { x: 1, y: 1, width: 20, height: 12, viewBox: "1 1 20 12" },
      el("path", { class: `z-${colour} h ${colour === "prevention" ? "dots" : ""}`, d: lines, fill: "none" }),
    ),
  );
}

function row({ picture, mark, label, count, pressed, dim, onclick, key }) {
  return el(
    "li",
    {},
    el(
      "button",
      { class: `row ${dim ? "off" : ""}`, type: "button", "aria-pressed": String(pressed), onclick, "data-key": key },
      picture,
      mark ? icon(mark, "solid") : null,
      el("span", {}, label),
      el("span", { class: "num" }, format.number(count)),
    ),
  );
}

const chooseMetric = (event) => metricMenu(event.currentTarget, GROUPS, (metric) => page.set({ metric, isolate: null, wash: false }));

function classRows(legend) {
  const toggle = (index) => page.set({ isolate: page.isolate === index ? null : index });
  const rows = legend.classes.map((entry) =>
    row({
      picture: swatch(
        el("rect", {
          class: entry.token.startsWith("m-") ? "d-none" : entry.token,
          x: 0.5,
          y: 0.5,
          width: 21,
          height: 13,
        }),
        edge(),
      ),
      mark: entry.mark,
      label: entry.label,
      count: entry.count,
      key: entry.id,
      pressed: page.isolate === entry.index,
      dim: page.isolate !== null && page.isolate !== entry.index,
      onclick: () => toggle(entry.index),
    }),
  );
  if (legend.unknown)
    rows.push(
      row({
        picture: swatch(
          el(
            "svg",
            { x: 1, y: 1, width: 20, height: 12, viewBox: "1 1 20 12" },
            el("path", { class: "mark h", d: hatched(4) }),
          ),
          edge(),
        ),
        label: t("legend.unknown-not-zero"),
        count: legend.unknown,
        key: "unknown",
        pressed: page.isolate === -2,
        dim: page.isolate !== null && page.isolate !== -2,
        onclick: () => toggle(-2),
      }),
    );
  if (legend.unassigned)
    rows.push(
      el(
        "li",
        {},
        el(
          "span",
          { class: "row" },
          swatch(
            el(
              "svg",
              { x: 1, y: 1, width: 20, height: 12, viewBox: "1 1 20 12" },
              el("path", { class: "bare h", d: hatched(9, -1) + hatched(9, -1).replaceAll(/M(\d+)/g, (_, x) => `M${Number(x) + 3}`) }),
            ),
            edge(),
          ),
          el("span", {}, t("area.unassigned")),
          el("span", { class: "num" }, format.number(legend.unassigned)),
        ),
      ),
    );
  return rows;
}

function zoneRows() {
  const zones = page.zones ?? [];
  const count = (kind) => zones.filter((zone) => zone.kind === kind && zone.status === "in_force").length;
  const standing = zones.some((zone) => zone.status === "in_force");
  const kinds = boot.zone_kinds.filter((kind) => (kind.drawn ? count(kind.id) : standing));
  const proposed = zones.filter((zone) => zone.status === "proposed").length;
  const lifted = zones.filter((zone) => zone.status === "lifted").length;
  const toggle = (kind) => page.set({ isolateZone: page.isolateZone === kind ? null : kind });
  const rows = kinds.map((kind) =>
    row({
      picture: zoneSwatch(kind.id),
      label: `${kind.letter[boot.lang] ?? kind.letter.zh} ${named(boot.zone_kinds, kind.id)}`,
      count: kind.drawn ? count(kind.id) : 1,
      key: kind.id,
      pressed: page.isolateZone === kind.id,
      dim: page.isolateZone !== null && page.isolateZone !== kind.id,
      onclick: () => toggle(kind.id),
    }),
  );
  const quiet = (look, words, n) =>
    n
      ? el(
          "li",
          {},
          el(
            "span",
            { class: "row" },
            swatch(el("rect", { class: `edge ${look}`, x: 1, y: 1, width: 20, height: 12 })),
            el("span", {}, words),
            el("span", { class: "num" }, format.number(n)),
          ),
        )
      : null;
  return [...rows, quiet("dash", t("legend.proposed"), proposed), quiet("thin", t("legend.lifted"), lifted)].filter(Boolean);
}

/** Draws the legend anew; the focus stays on the row it was on. */
export function drawLegend() {
  const { legend } = page;
  const key = host.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  host.hidden = !legend;
  if (!legend) return;
  const zones = page.hidden.has("zones") ? [] : zoneRows();
  host.replaceChildren(
    el(
      "h3",
      {},
      el("span", {}, page.wash ? t("legend.zones") : named(boot.metrics, legend.metric.id)),
      boot.metrics.length > 1 || page.wash
        ? el(
            "button",
            { class: "lk", type: "button", "data-key": "change", onclick: chooseMetric, "aria-haspopup": "menu" },
            t(page.wash ? "legend.overlay" : "legend.change"),
          )
        : "",
    ),
    ...(page.wash ? [] : [el("ul", {}, classRows(legend))]),
    ...(zones.length ? [page.wash ? "" : el("hr"), el("ul", {}, zones)] : []),
  );
  if (key) host.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus();
}
