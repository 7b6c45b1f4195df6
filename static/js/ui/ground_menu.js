// The base maps in the layers menu: blank or one of them, and how strong; and whose they are, small on the map.
import { api } from "../data/api.js";
import { boot } from "../data/boot.js";
import { t } from "../data/i18n.js";
import { named } from "../data/named.js";
import { page } from "../data/page.js";
import { el } from "./dom.js";

const AGAIN_MS = 2000;
const LEAST = 10; // percent: a base map that is on can be seen

/** What stands behind a name: being prepared, not usable, silent. The server's own words begin with what is meant: a
 * file, a host. */
function standing({ state, text = "", progress }) {
  const [what] = text.split(": ");
  if (state === "preparing") return t("ground.preparing", { share: `${Math.round((progress ?? 0) * 100)} %` });
  if (state === "failed") return t("ground.failed", { what });
  return text ? t("ground.trouble", { what }) : "";
}

function strength(ground) {
  const words = el("span", { class: "r" });
  const input = el("input", {
    type: "range",
    min: LEAST,
    max: 100,
    step: 5,
    value: Math.round(ground.opacity * 100),
    disabled: !page.ground,
    "aria-label": t("ground.opacity"),
    oninput: () => {
      ground.fade(Number(input.value) / 100);
      tell();
    },
  });
  const tell = () => {
    words.textContent = page.ground ? `${input.value} %` : "";
    input.setAttribute("aria-valuetext", words.textContent);
  };
  tell();
  return el("label", { class: `mi range ${page.ground ? "" : "off"}` }, t("ground.opacity"), input, words);
}

/**
 * @param {import("../map/ground.js").Ground} ground
 * @returns {Node[]} the part of the layers menu; nothing when the server offers no base map
 */
export function groundMenu(ground) {
  if (!ground.offered.length) return [];
  const slider = el("div", {});
  const follow = () => slider.replaceChildren(strength(ground)); // always there: the menu keeps its size
  const row = (id, name, told) => {
    const why = el("span", { class: "r why-not" }, told ? standing(told) : "");
    const input = el("input", {
      type: "radio",
      name: "ground",
      value: id ?? "",
      checked: (page.ground?.id ?? null) === id,
      disabled: Boolean(told) && told.state !== "ok",
      onchange: async () => {
        await ground.use(id);
        input.checked = (page.ground?.id ?? null) === id;
        follow();
      },
    });
    const ask = async () => {
      const now = await api.get(boot.urls.basemap, { path: { id } }).catch(() => told);
      Object.assign(told, { state: now.state, text: now.text ?? "", progress: now.progress });
      input.disabled = now.state !== "ok";
      why.textContent = standing(told);
      why.title = told.text;
      if (now.state === "preparing") setTimeout(() => input.isConnected && ask(), AGAIN_MS);
    };
    if (told) ask();
    return el("label", { class: `mi ${told?.state === "failed" ? "off" : ""}` }, input, el("span", {}, name), why);
  };
  follow();
  return [
    el("h4", {}, t("ground.title")),
    el(
      "div",
      { role: "radiogroup", "aria-label": t("ground.title") },
      row(null, t("ground.none")),
      ...ground.offered.map((told) => row(told.id, named(ground.offered, told.id), told)),
    ),
    slider,
    el("hr"),
  ];
}

/** Whose the base map is: always to be read while it is on. Plain text, whatever the settings hold. */
export function attribution() {
  const host = document.getElementById("map");
  const line = el("p", { class: "attribution", hidden: true });
  const follow = () => {
    const text = page.ground?.attribution ?? "";
    line.hidden = !text;
    line.textContent = text;
    line.setAttribute("aria-label", t("ground.source", { text }));
    host.classList.toggle("attributed", Boolean(text));
  };
  page.on("ground", follow);
  host.append(line);
}
