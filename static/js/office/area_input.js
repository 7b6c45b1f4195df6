// A field for an area: a code or the beginning of a name is typed, the areas that fit are offered.
import { api } from "../data/api.js";
import { boot } from "../data/boot.js";
import { el } from "../ui/dom.js";
import { later } from "./frame.js";

let count = 0;

/**
 * @param {{value?: {code: string, name: string} | null, placeholder: string, onPick?: () => void} & Record<string, unknown>} options
 * @returns {{node: HTMLElement, input: HTMLInputElement, code: () => string}} code is what was typed when nothing offered was taken
 */
export function areaInput({ value = null, placeholder, onPick = () => {}, ...attributes }) {
  const id = `areas-${(count += 1)}`;
  const offers = el("datalist", { id });
  const known = new Map(value ? [[shown(value), value.code]] : []);
  const input = el("input", { class: "input", type: "text", list: id, placeholder, autocomplete: "off", spellcheck: "false", value: value ? shown(value) : "", ...attributes });
  const code = () => known.get(input.value.trim()) ?? input.value.trim();
  const offer = later(async () => {
    const word = input.value.trim();
    if (!word || known.has(word)) return onPick();
    try {
      const { results } = await api.get(boot.urls.search, { query: { q: word } });
      const areas = results.filter((result) => result.kind === "area" && result.code);
      for (const area of areas) known.set(shown(area), area.code);
      offers.replaceChildren(...areas.map((area) => el("option", { value: shown(area) })));
    } catch {
      offers.replaceChildren(); // a code can still be typed
    }
    return undefined;
  });
  input.addEventListener("input", offer);
  input.addEventListener("change", onPick);
  return { node: el("span", { class: "area-input" }, input, offers), input, code };
}

const shown = (area) => (area.name && area.name !== area.code ? `${area.code} ${area.name}` : area.code);
