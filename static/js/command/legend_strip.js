// The strip under the map: which metric colours it, what each colour means, how many areas are silent.
import { boot } from "../data/boot.js";
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { named } from "../data/named.js";
import { page } from "../data/page.js";
import { el } from "../ui/dom.js";
import { icon } from "../ui/icon.js";
import { metricMenu } from "../ui/metric_menu.js";
import { fill } from "./fill.js";

const host = document.getElementById("legend");
const GROUPS = ["progress", "norms", "population", "staffing"];
const hatch = Array.from({ length: 10 }, (_, i) => `M${i * 5 - 18} 0l18 18`).join("");

const swatch = (...parts) => el("svg", { class: "sw", viewBox: "0 0 34 18", "aria-hidden": "true" }, ...parts, el("rect", { class: "edge", x: 0.5, y: 0.5, width: 33, height: 17 }));

export function drawStrip() {
  const { legend } = page;
  const metric = boot.metrics.find((one) => one.id === page.metric);
  const stands = legend && legend.metric.id === page.metric;
  const sayings = stands
    ? [
        legend.classes.map((entry) =>
          el(
            "li",
            {},
            swatch(el("rect", { class: entry.token.startsWith("m-") ? "d-none" : entry.token, width: 34, height: 18 })),
            entry.mark ? icon(entry.mark, "solid") : null,
            entry.label,
          ),
        ),
        legend.unknown
          ? el(
              "li",
              {},
              swatch(el("rect", { class: "d-none", width: 34, height: 18 }), el("path", { class: "mark", d: hatch })),
              t(metric?.group === "progress" ? "command.strip-silent" : "command.strip-unknown", { n: format.number(legend.unknown), count: legend.unknown }),
            )
          : null,
      ]
    : [el("li", { class: "mute" }, t("command.coming"))];
  fill(
    host,
    el(
      "button",
      { class: "metric", type: "button", "data-key": "metric", "aria-haspopup": "menu", "aria-expanded": "false" },
      el("b", {}, named(boot.metrics, page.metric)),
      icon("down", "s"),
    ),
    metric?.type === "rate" ? el("span", { class: "mute loud" }, t("command.loud")) : null,
    el("ul", {}, sayings),
  );
}

host.addEventListener("click", (event) => {
  const button = event.target.closest(".metric");
  if (button) metricMenu(button, GROUPS, (metric) => page.set({ metric, chosen: true }));
});
