// The menu of what may colour the map, by group.
import { boot } from "../data/boot.js";
import { t } from "../data/i18n.js";
import { named } from "../data/named.js";
import { page } from "../data/page.js";
import { el } from "./dom.js";
import { menuItem } from "./menu_item.js";
import { popover } from "./popover.js";

/** @param {HTMLElement} anchor @param {string[]} order groups that come first @param {(metric: string) => void} choose */
export function metricMenu(anchor, order, choose) {
  const groups = new Set([...order, ...boot.metrics.map((metric) => metric.group)]);
  const listed = [...groups].map((group) => [group, boot.metrics.filter((metric) => metric.group === group)]).filter(([, metrics]) => metrics.length);
  popover.show(
    anchor,
    listed.flatMap(([group, metrics]) => [
      el("h4", {}, t(`metrics.${group}`)),
      ...metrics.map((metric) =>
        menuItem(named(boot.metrics, metric.id), () => choose(metric.id), { role: "menuitemradio", "aria-checked": String(metric.id === page.metric) }),
      ),
    ]),
    { label: t("legend.change") },
  );
}
