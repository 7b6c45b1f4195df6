// A compact table in which numbers are mended: only changed rows are sent, a refusal stands under its row.
import { t } from "../data/i18n.js";
import { el } from "./dom.js";

const EMPTY = "";
const shown = (value) => (value === null || value === undefined ? EMPTY : String(value));

/** "12" -> 12, "" -> null (unknown), else the text itself for the server to refuse. */
function read(text, type) {
  const trimmed = text.trim();
  if (type === "text") return trimmed;
  if (trimmed === EMPTY) return null;
  return /^\d+$/.test(trimmed) ? Number(trimmed) : trimmed;
}

/**
 * @param {Array<{key: string, label: string, type: "label" | "text" | "int" | "choice", choices?: Array<{id: string,
 *   label: string}>, get?: (row: object) => unknown, }>} columns
 * @param {object[]} rows with `id` or `fid` and `version`
 * @param {{send: (row: object, changes: object) => Promise<object>, remove?: (row: object) => Promise<void>, onDirty:
 *   () => void, extra?: (row: object) => HTMLElement | null}} verbs
 * @returns {{node: HTMLElement, save: () => Promise<{saved: number, failed: number}>, dirty: () => number}}
 */
export function factsTable(columns, rows, { send, remove, onDirty, extra }) {
  const entries = [];
  const body = el("tbody", {});

  function entry(row) {
    const made = { row, inputs: new Map(), oops: null };
    const cells = columns.map((column) => {
      const value = column.get ? column.get(row) : row[column.key];
      if (column.type === "label") return el("td", {}, shown(value));
      const label = `${columns[0].get ? columns[0].get(row) : (row[columns[0].key] ?? "")} ${column.label}`;
      const input =
        column.type === "choice"
          ? el(
              "select",
              { class: "cellin text", "aria-label": label },
              column.choices.map((choice) =>
                el("option", { value: choice.id, selected: choice.id === value }, choice.label),
              ),
            )
          : el("input", {
              class: `cellin ${column.type === "text" ? "text" : ""}`,
              inputmode: column.type === "int" ? "numeric" : null,
              value: shown(value),
              placeholder: column.type === "int" ? t("value.unknown") : "",
              "aria-label": label,
            });
      const before = read(shown(value), column.type === "choice" ? "text" : column.type);
      input.addEventListener("input", () => {
        input.classList.toggle(
          "changed",
          read(input.value, column.type === "choice" ? "text" : column.type) !== before,
        );
        input.removeAttribute("aria-invalid");
        made.oops?.remove();
        onDirty();
      });
      made.inputs.set(column, { input, before });
      return el("td", {}, input);
    });
    const drop = remove
      ? el(
          "td",
          {},
          el(
            "button",
            {
              class: "lk",
              type: "button",
              "aria-label": t("facts.remove"),
              onclick: async () => {
                try {
                  await remove(row);
                  made.line.remove();
                  made.below.remove();
                  entries.splice(entries.indexOf(made), 1);
                  onDirty();
                } catch (error) {
                  fail(made, error);
                }
              },
            },
            "×",
          ),
        )
      : null;
    const more = extra?.(row);
    made.line = el("tr", {}, cells, drop, more ? el("td", {}, more.button) : null);
    made.below = el("tr", { hidden: true }, el("td", { colspan: columns.length + (remove ? 1 : 0) + (more ? 1 : 0) }));
    if (more) more.attach(made.below);
    entries.push(made);
    body.append(made.line, made.below);
    return made;
  }

  function fail(made, error) {
    made.oops?.remove();
    made.oops = el(
      "tr",
      { class: "off" },
      el("td", { colspan: columns.length + 2, class: "oops", role: "alert" }, error.text ?? error.message),
    );
    made.line.after(made.oops);
    const named = error.body?.fields;
    for (const [column, { input }] of made.inputs) {
      if (named ? named.includes(column.key) : input.classList.contains("changed")) {
        input.setAttribute("aria-invalid", "true");
      }
    }
  }

  const changes = (made) => {
    const found = {};
    for (const [column, { input, before }] of made.inputs) {
      const value = read(input.value, column.type === "choice" ? "text" : column.type);
      if (value !== before || made.fresh) found[column.key] = value;
    }
    return found;
  };

  for (const row of rows) entry(row);
  return {
    node: el(
      "table",
      { class: "facts" },
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          columns.map((column) => el("th", { scope: "col" }, column.label)),
          remove ? el("th") : null,
          extra ? el("th") : null,
        ),
      ),
      body,
    ),
    add(row) {
      const made = entry(row);
      made.fresh = true;
      made.inputs.values().next().value?.input.focus();
      onDirty();
    },
    dirty: () => entries.filter((made) => made.fresh || Object.keys(changes(made)).length).length,
    async save() {
      let saved = 0,
        failed = 0;
      for (const made of entries) {
        const found = changes(made);
        if (!made.fresh && !Object.keys(found).length) continue;
        try {
          Object.assign(made.row, await send(made.row, found, made.fresh));
          made.fresh = false;
          made.oops?.remove();
          for (const [column, kept] of made.inputs) {
            kept.before = read(kept.input.value, column.type === "choice" ? "text" : column.type);
            kept.input.classList.remove("changed");
            kept.input.removeAttribute("aria-invalid");
          }
          saved++;
        } catch (error) {
          fail(made, error);
          failed++;
        }
      }
      return { saved, failed };
    },
  };
}
