// What the pages beside the map share: title, sign-in dialog, time-out, and a list that is read page by page.
import { api } from "../data/api.js";
import { t } from "../data/i18n.js";
import { page } from "../data/page.js";
import { el } from "../ui/dom.js";
import { icon } from "../ui/icon.js";
import { watchIdle } from "../ui/idle.js";
import { watchSignIn } from "../ui/sign_in_dialog.js";

export const host = document.getElementById("office");

/** Says when the server cannot be reached. */
function watchLine() {
  const word = document.getElementById("live");
  page.on("offline", () => {
    word.hidden = !page.offline;
    word.replaceChildren(...(page.offline ? [icon("offline", "s"), t("error.offline")] : []));
  });
}

/** @param {string} title @param {Node[]} content @param {Node[]} [acts] buttons beside the title */
export function open(title, content, acts = []) {
  watchSignIn();
  watchIdle();
  watchLine();
  host.append(el("div", { class: "title" }, el("h1", {}, title), el("div", { class: "acts" }, ...acts)), ...content);
  document.body.dataset.ready = "true";
}

/**
 * A table that is filled from the server, a page at a time. On a phone each row is a card: cells carry their column's word.
 * @param {{columns: string[], caption: string, none: string, read: (query: object) => Promise<{rows: object[], next: string|null}>,
 *   row: (item: object) => HTMLElement}} options
 */
export function table({ columns, caption, none, read, row }) {
  const body = el("tbody");
  const more = el("button", { class: "btn", type: "button", hidden: true }, t("list.more"));
  const empty = el("p", { class: "none", hidden: true }, none);
  const trouble = el("p", { class: "trouble", role: "alert", hidden: true });
  let turn = 0;
  async function fill(query, { keep = false } = {}) {
    const mine = (turn += 1);
    trouble.hidden = true;
    try {
      const { rows, next } = await read(query);
      if (mine !== turn) return;
      const made = rows.map(row);
      if (keep) body.append(...made);
      else body.replaceChildren(...made);
      empty.hidden = body.childElementCount > 0;
      more.hidden = !next;
      more.onclick = () => fill(next, { keep: true }).then(() => made.at(-1)?.nextElementSibling?.querySelector("a, button")?.focus());
    } catch (error) {
      trouble.textContent = error.text ?? String(error);
      trouble.hidden = false;
    }
  }
  const node = el(
    "div",
    { class: "list" },
    trouble,
    el(
      "table",
      { class: "rows" },
      el("caption", { class: "visually-hidden" }, caption),
      el("thead", {}, el("tr", {}, ...columns.map((name) => el("th", { scope: "col" }, name)))),
      body,
    ),
    empty,
    more,
  );
  return { node, fill, body };
}

/** A cell that knows its column's word, for the narrow page. */
export const cell = (word, ...content) => el("td", { "data-word": word }, el("div", {}, ...content));

/** Reads a list by address or by query. @param {string} url @param {string | object} query */
export const read = (url, query) => (typeof query === "string" ? api.get(query) : api.get(url, { query }));

/** Waits until nobody has typed for a moment. */
export function later(act, ms = 250) {
  let timer = null;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => act(...values), ms);
  };
}
