// Search: grouped results; arrow keys outline on the map, Enter goes there. Codes may be typed with or without dashes.
import { api } from "../data/api.js";
import { boot } from "../data/boot.js";
import { t } from "../data/i18n.js";
import { el } from "./dom.js";
import { icon } from "./icon.js";
import { popover } from "./popover.js";

const WAIT_MS = 160;
const ICONS = { area: "area", building: "building", zone: "zone", coordinates: "crosshair" };
const ORDER = ["coordinates", "area", "zone", "estate", "place", "building", "address"];

/**
 * @param {{onOutline: (result: object | null) => void, onGo: (result: object) => void}} verbs
 * @returns {{focus: () => void}}
 */
export function search({ onOutline, onGo }) {
  const host = document.getElementById("search");
  const input = el("input", {
    type: "search",
    role: "combobox",
    "aria-expanded": "false",
    "aria-controls": "hits",
    "aria-autocomplete": "list",
    autocomplete: "off",
    spellcheck: "false",
    placeholder: t("search.placeholder"),
    "aria-label": t("search.title"),
  });
  const list = el("div", { class: "hits", id: "hits", role: "listbox", "aria-label": t("search.title"), hidden: true });
  host.append(el("label", { class: "bar" }, icon("search", "s"), input, el("kbd", {}, "Ctrl F")), list);
  let results = [],
    chosen = -1,
    timer = null,
    turn = 0;

  const shut = () => {
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
    chosen = -1;
    onOutline(null);
  };
  const choose = (index) => {
    chosen = (index + results.length) % results.length;
    for (const [i, option] of [...list.querySelectorAll("[role=option]")].entries())
      option.setAttribute("aria-selected", String(i === chosen));
    const option = list.querySelector(`#hit-${chosen}`);
    option?.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", `hit-${chosen}`);
    onOutline(results[chosen]);
  };
  const go = (index) => {
    const result = results[index];
    clearTimeout(timer);
    turn++; // an answer still on its way opens nothing any more
    shut();
    if (result) {
      input.blur();
      onGo(result);
    }
  };

  function draw(word) {
    const groups = ORDER.filter((kind) => results.some((result) => result.kind === kind));
    results = groups.flatMap((kind) => results.filter((result) => result.kind === kind));
    let index = 0;
    list.replaceChildren(
      ...(results.length
        ? groups.map((kind) =>
            el(
              "div",
              { role: "group", "aria-label": t(`search.${kind}`) },
              el("h4", {}, t(`search.${kind}`)),
              results
                .filter((result) => result.kind === kind)
                .map((result) => {
                  const at = index++;
                  return el(
                    "div",
                    {
                      role: "option",
                      id: `hit-${at}`,
                      "aria-selected": "false",
                      onmousedown: (event) => event.preventDefault(), // the field keeps the focus
                      onclick: () => go(at), // not sooner: a tap ends as a click on whatever lies there by then
                      onpointermove: () => {
                        if (chosen !== at) choose(at);
                      },
                    },
                    icon(ICONS[result.kind] ?? "place", "s"),
                    el("span", {}, result.name || result.code, result.detail ? el("small", {}, result.detail) : null),
                    el("span", { class: "mute t1" }, result.name ? (result.code ?? "") : ""),
                  );
                }),
            ),
          )
        : [el("p", { class: "none" }, t("search.none", { word }))]),
    );
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
  }

  async function look() {
    const word = input.value.trim(),
      mine = ++turn;
    if (!word) {
      results = [];
      shut();
      return;
    }
    const told = await api.get(boot.urls.search, { query: { q: word } }).catch(() => ({ results: [] }));
    if (mine !== turn) return;
    results = told.results;
    chosen = -1;
    draw(word);
  }

  input.addEventListener("input", () => {
    results = []; // they answer another word: Enter asks first
    clearTimeout(timer);
    timer = setTimeout(look, WAIT_MS);
  });
  input.addEventListener("focus", () => {
    popover.shut();
    if (results.length && input.value.trim()) draw(input.value);
  });
  input.addEventListener("blur", () => setTimeout(shut, 120));
  input.addEventListener("keydown", async (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (results.length) choose(chosen + (event.key === "ArrowDown" ? 1 : -1));
    }
    if (event.key === "Enter") {
      event.preventDefault();
      if (!results.length) {
        clearTimeout(timer);
        await look();
      }
      go(Math.max(0, chosen));
    }
    if (event.key === "Escape") {
      event.stopPropagation();
      if (list.hidden) input.blur();
      else shut();
    }
  });
  return {
    focus: () => {
      input.focus();
      input.select();
    },
  };
}
