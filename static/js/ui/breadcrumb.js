// Where one is: each level is a button that lists its siblings with a filter; choosing one goes there.
import { api } from "../data/api.js";
import { boot } from "../data/boot.js";
import { t } from "../data/i18n.js";
import { el } from "./dom.js";
import { figureText } from "./figure_text.js";
import { icon } from "./icon.js";
import { places } from "./places.js";
import { popover } from "./popover.js";

const host = document.getElementById("crumb");
const FILTER_FROM = 8,
  SHOWN = 200;
// areas above these cannot be listed
const SCOPE = (boot.account.roles ?? []).map((role) => role.area?.code).filter(Boolean);

async function siblings(anchor, area, parent, onGo) {
  const told = parent ? await api.get(boot.urls.areas, { query: { parent, limit: 1000 } }).catch(() => null) : null;
  const all = told?.areas ?? [area];
  const list = el("div", {});
  const fill = (word) => {
    const found = all
      .filter((entry) => !word || `${entry.name} ${entry.code}`.toLowerCase().includes(word.toLowerCase()))
      .slice(0, SHOWN);
    list.replaceChildren(
      ...found.map((entry) =>
        el(
          "button",
          {
            class: "mi",
            type: "button",
            "aria-current": entry.code === area.code ? "true" : null,
            onclick: () => {
              popover.shut();
              onGo(entry);
            },
          },
          places.title(entry),
          el(
            "span",
            { class: "r" },
            entry.households === null || entry.households === undefined ? "" : figureText.households(entry.households),
          ),
        ),
      ),
    );
  };
  const filter =
    all.length >= FILTER_FROM
      ? el(
          "div",
          { class: "filter" },
          el("input", {
            class: "input",
            type: "search",
            placeholder: t("crumb.filter"),
            "aria-label": t("crumb.filter"),
            oninput: (event) => fill(event.target.value),
          }),
        )
      : "";
  fill("");
  popover.show(anchor, [filter, list], { label: t("crumb.siblings") });
}

/**
 * @param {{ancestors?: object[], code: string, name: string, level: string} | null} area
 * @param {(area: object) => void} onGo
 */
export function drawBreadcrumb(area, onGo) {
  const chain = area ? [...(area.ancestors ?? []), area] : [];
  const own = chain.findIndex((entry) => SCOPE.includes(entry.code));
  host.replaceChildren(
    ...chain.flatMap((entry, i) => {
      const last = i === chain.length - 1;
      const button =
        i < own
          ? el("span", {}, places.title(entry))
          : el(
              "button",
              {
                type: "button",
                "aria-current": last ? "location" : null,
                "aria-haspopup": "dialog",
                "aria-expanded": "false",
                title: `${places.title(entry)} ${entry.code}`,
                onclick: () => siblings(button, entry, i > own ? (chain[i - 1]?.code ?? null) : null, onGo),
              },
              places.title(entry),
            );
      return i ? [icon("right", "s"), button] : [button];
    }),
  );
}
