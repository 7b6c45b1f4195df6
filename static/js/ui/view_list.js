// The areas in view as a table, so that everything on the map can be reached without a pointer.
import { boot } from "../data/boot.js";
import { t } from "../data/i18n.js";
import { named } from "../data/named.js";
import { page } from "../data/page.js";
import { format } from "../data/format.js";
import { el } from "./dom.js";
import { icon } from "./icon.js";
import { places } from "./places.js";

const ROWS = 60;

/** @param {import("../map/canvas.js").Canvas} canvas @param {(area: object) => void} onPick @returns {HTMLElement} */
export function viewList(canvas, onPick) {
  const body = el("tbody", {}),
    count = el("span", { class: "r" });
  const fill = () => {
    const seen = new Map();
    for (const feature of canvas.gl.queryRenderedFeatures({ layers: ["land"] }))
      if (!seen.has(feature.id)) seen.set(feature.id, { fid: feature.id, ...feature.properties });
    const areas = [...seen.values()].sort((a, b) => a.code.localeCompare(b.code, undefined, { numeric: true }));
    count.textContent = format.number(areas.length);
    const value = (fid) => {
      const v = page.legend?.of.get(fid);
      return v === null
        ? t("value.unknown")
        : v === undefined
          ? ""
          : page.legend.metric.type === "rate"
            ? format.percent(v)
            : format.number(v);
    };
    body.replaceChildren(
      ...areas
        .slice(0, ROWS)
        .map((area) =>
          el(
            "tr",
            { class: "pick", onclick: () => onPick(area) },
            el(
              "th",
              { scope: "row" },
              el("button", { class: "lk", type: "button", "data-key": `view ${area.fid}` }, places.title(area)),
            ),
            el("td", {}, value(area.fid)),
          ),
        ),
    );
  };
  const box = el(
    "details",
    {
      ontoggle: () => {
        if (box.open) fill();
      },
    },
    el("summary", {}, icon("right", "s"), t("view.title"), count),
    el(
      "table",
      { class: "eff" },
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          el("th", { scope: "col" }, named(boot.levels, page.level)),
          el("th", { scope: "col" }, page.legend ? named(boot.metrics, page.legend.metric.id) : ""),
        ),
      ),
      body,
    ),
  );
  return el("section", { class: "sec" }, box);
}
