// The history of an area on its card: who, when, what and why; a line opens to show where, how it was before, and to take
// the edit back.
import { api } from "../data/api.js";
import { boot } from "../data/boot.js";
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { el } from "./dom.js";
import { editName } from "./edit_name.js";
import { icon } from "./icon.js";
import { places } from "./places.js";

const ROWS = 8;
const WHOLE_FILE = ["init", "import", "demo", "restore"];
/** The line that is open: it stays open when the card is renewed. */
let open = null;

/** Who, and what became of it. */
function byline(edit) {
  return [
    edit.actor?.replace(/^command line/, t("history.command-line")),
    `r${edit.rev}`,
    edit.undone_by ? t("history.undone", { rev: edit.undone_by }) : null,
  ]
    .filter(Boolean)
    .join(" · ");
}

/** What is in the way of taking an edit back: each with a jump to it. */
async function inTheWay(revs, past) {
  const edits = (await Promise.all(revs.slice(0, 3).map((rev) => past.read(rev)))).filter(Boolean);
  return el(
    "div",
    { class: "way", role: "status" },
    el("p", {}, icon("warn", "s"), t("history.in-way", { n: revs.length })),
    el(
      "ul",
      {},
      edits.map((edit) =>
        el(
          "li",
          {},
          el("span", {}, editName.line(edit), " ", el("small", { class: "mute" }, [edit.actor, format.time(edit.at)].filter(Boolean).join(" · "))),
          el("button", { class: "lk", type: "button", onclick: () => past.show(edit.rev), "data-key": `way ${edit.rev}` }, t("history.where")),
        ),
      ),
    ),
  );
}

/** The verbs of an open line. */
function verbs(edit, { past, restore }, told) {
  const shown = (side) => past.shows(edit.rev) === side;
  const toggle = (side, words) => {
    const button = el(
      "button",
      {
        class: "tg",
        type: "button",
        "aria-pressed": String(shown(side)),
        "data-key": `${side} ${edit.rev}`,
        onclick: () => (shown(side) ? past.hide() : past.show(edit.rev, side)),
      },
      words,
    );
    past.watch(button, () => button.setAttribute("aria-pressed", String(shown(side))));
    return button;
  };
  const back = async (event) => {
    const button = event.currentTarget;
    button.disabled = true;
    const blocked = await restore(edit).catch(() => null);
    button.disabled = false;
    told.replaceChildren(...(blocked?.length ? [await inTheWay(blocked, past)] : []));
    told.scrollIntoView({ block: "nearest" });
  };
  const may = boot.account.can.redraw && !edit.undone_by && !WHOLE_FILE.includes(edit.op);
  return el(
    "div",
    { class: "verbs" },
    WHOLE_FILE.includes(edit.op) ? null : toggle("after", t("history.where")),
    WHOLE_FILE.includes(edit.op) ? null : toggle("before", t("history.then")),
    may
      ? el(
          "button",
          { class: "tg", type: "button", onclick: back, "data-key": `back ${edit.rev}`, "data-writes": true },
          icon("undo", "s"),
          t("history.back"),
        )
      : null,
  );
}

/**
 * @param {string} code of the area
 * @param {{past: import("./history_past.js").Past, restore: (edit: object) => Promise<number[] | null>}} hands restore
 *   answers the edits in the way, null when there are none
 * @returns {HTMLElement} fills itself
 */
export function historyOf(code, hands) {
  const host = el("section", { class: "sec" });
  const list = el("ul", { class: "hist" });
  const more = el("button", { class: "lk", type: "button", hidden: true, "data-key": "more-history" }, t("history.more"));

  function line(edit) {
    const told = el("div", {});
    const body = el("div", { class: "opened", id: `edit-${edit.rev}`, hidden: open !== edit.rev });
    const head = el(
      "button",
      { class: "row", type: "button", "aria-expanded": String(open === edit.rev), "aria-controls": body.id, "data-key": `edit ${edit.rev}` },
      icon("right", "s"),
      el("span", { class: edit.undone_by ? "gone" : "" }, editName.line(edit)),
      el("span", { class: "mute t1" }, format.time(edit.at)),
      el("small", {}, byline(edit)),
      edit.reason ? el("small", {}, t("history.reason", { reason: edit.reason })) : null,
    );
    const fill = () => body.childElementCount || body.append(verbs(edit, hands, told), told);
    head.addEventListener("click", () => {
      open = body.hidden ? edit.rev : null;
      for (const other of list.querySelectorAll(".row[aria-expanded=true]")) if (other !== head) {
        other.setAttribute("aria-expanded", "false");
        document.getElementById(other.getAttribute("aria-controls")).hidden = true;
      }
      fill();
      body.hidden = open !== edit.rev;
      head.setAttribute("aria-expanded", String(!body.hidden));
      if (!body.hidden) body.scrollIntoView({ block: "nearest" });
    });
    if (!body.hidden) fill();
    return el("li", {}, head, body);
  }

  async function read(address, query) {
    const told = await api.get(address, { query }).catch(() => null);
    if (!told || !host.isConnected) return;
    places.meet(told.edits.flatMap((edit) => edit.named ?? []));
    list.append(...told.edits.map(line));
    more.hidden = !told.next;
    more.onclick = () => read(told.next);
    if (!list.childElementCount) list.replaceWith(el("p", { class: "hint" }, t("history.none")));
  }

  host.append(el("h3", {}, t("card.history")), list, more);
  read(boot.urls.edits, { area: code, limit: ROWS });
  return host;
}
