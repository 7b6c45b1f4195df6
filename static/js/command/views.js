// Views a person saved: area, metric and camera under a name. Only through them does a wall turn from one to the next, and
// not for five minutes after somebody touched it.
import { boot } from "../data/boot.js";
import { t } from "../data/i18n.js";
import { page } from "../data/page.js";
import { dialog } from "../ui/dialog.js";
import { el } from "../ui/dom.js";
import { icon } from "../ui/icon.js";
import { menuItem } from "../ui/menu_item.js";
import { popover } from "../ui/popover.js";
import { fill } from "./fill.js";
import { memory } from "./memory.js";

const KEPT = `weige.command.views.${boot.account.name}`;
const TOUCHED_MS = 5 * 60_000,
  MOST = 12;
const SECONDS = [0, 20, 30, 60, 120];
const host = document.getElementById("views");

/** Owns the saved views of this browser. Verbs: draw. */
export class Views {
  #touched = 0;
  #next = 0;

  /**
   * @param {{now: () => {area: string|null, metric: string, camera: object}, show: (view: object) => Promise<void>,
   *   items?: () => Node[]}} tell
   */
  constructor(tell) {
    this.tell = tell;
    const kept = memory.read(KEPT, {});
    this.list = Array.isArray(kept.list) ? kept.list : [];
    this.seconds = SECONDS.includes(kept.seconds) ? kept.seconds : 0;
    this.at = Math.min(kept.at ?? 0, Math.max(0, this.list.length - 1));
    this.#due();
    for (const kind of ["pointerdown", "keydown", "wheel"])
      addEventListener(
        kind,
        () => {
          this.#touched = Date.now();
          this.#due();
        },
        { capture: true, passive: true },
      );
    setInterval(() => this.#tick(), 1000);
    host.addEventListener("click", (event) => event.target.closest("button") && this.#menu(event.target.closest("button")));
    this.draw();
  }

  get turns() {
    return boot.wall && this.seconds > 0 && this.list.length > 1;
  }

  /** Seconds until the next view; null while nothing turns. */
  get left() {
    if (!this.turns) return null;
    return Math.max(0, Math.ceil((Math.max(this.#next, this.#touched ? this.#touched + TOUCHED_MS : 0) - Date.now()) / 1000));
  }

  draw() {
    const view = this.list[this.at];
    const left = this.left;
    const number = t("command.view-of", { n: this.at + 1, all: this.list.length });
    fill(
      host,
      boot.wall && !this.list.length
        ? null
        : el(
            "button",
            { class: boot.wall ? "bare" : "btn quiet", type: "button", "data-key": "views", "aria-haspopup": "dialog", "aria-expanded": "false", "aria-label": t("command.views") },
            boot.wall ? null : icon("layers", "s"),
            el("b", {}, boot.wall ? view.name : t("command.views")),
            boot.wall && left !== null ? el("span", { class: "mute" }, t("command.view-turns", { view: number, s: left })) : null,
            boot.wall ? null : icon("down", "s"),
          ),
    );
  }

  #due() {
    this.#next = Date.now() + this.seconds * 1000;
  }

  #tick() {
    if (this.left === 0) this.#show((this.at + 1) % this.list.length);
    this.draw();
  }

  #show(at) {
    this.at = at;
    this.#due();
    this.#keep();
    this.tell.show(this.list[at]);
  }

  #keep() {
    memory.write(KEPT, { list: this.list, seconds: this.seconds, at: this.at });
    this.draw();
  }

  #menu(anchor) {
    popover.show(
      anchor,
      [
        this.list.length ? el("h4", {}, t("command.views")) : el("p", { class: "none" }, t("command.views-none")),
        ...this.list.map((view, i) =>
          el(
            "div",
            { class: "pairline" },
            menuItem(view.name, () => this.#show(i), { "aria-current": i === this.at ? "true" : null }),
            el("button", { class: "btn quiet icon", type: "button", "aria-label": t("command.view-drop", { name: view.name }), onclick: () => this.#drop(i, anchor) }, icon("trash", "s")),
          ),
        ),
        el("hr"),
        this.list.length < MOST ? menuItem(t("command.view-save"), () => this.#save()) : null,
        this.list.length > 1
          ? el(
              "label",
              { class: "mi turn" },
              t("command.turn"),
              el(
                "select",
                {
                  class: "input",
                  onchange: (event) => {
                    this.seconds = Number(event.target.value);
                    this.#due();
                    this.#keep();
                  },
                },
                SECONDS.map((s) => el("option", { value: String(s), selected: s === this.seconds }, s ? t("command.turn-every", { s }) : t("command.turn-never"))),
              ),
            )
          : null,
        ...(this.tell.items?.() ?? []),
      ].filter(Boolean),
      { label: t("command.views") },
    );
  }

  #drop(i, anchor) {
    const [gone] = this.list.splice(i, 1);
    this.at = Math.min(this.at, Math.max(0, this.list.length - 1));
    this.#keep();
    popover.shut();
    this.tell.dropped?.(gone, () => {
      this.list.splice(i, 0, gone);
      this.#keep();
    });
    anchor.focus?.();
  }

  #save() {
    const input = el("input", { class: "input", maxlength: 24, value: page.scope?.name ?? t("command.view-all"), "aria-label": t("command.view-name") });
    const done = () => {
      const name = input.value.trim();
      if (!name) return input.focus();
      this.list.push({ name, ...this.tell.now() });
      this.at = this.list.length - 1;
      this.#keep();
      return box.shut();
    };
    const box = dialog({
      title: t("command.view-save"),
      body: [el("label", { class: "field" }, el("span", {}, t("command.view-name")), input), el("p", { class: "hint" }, t("command.view-about"))],
      actions: [el("button", { class: "btn pri", type: "button", onclick: done }, t("command.save"))],
    });
    input.addEventListener("keydown", (event) => event.key === "Enter" && done());
    input.select();
  }
}
