// The list of everything somebody should look at: filtered by kind, walked with F8. A row outlines its area; the map goes
// there on Enter or click only.
import { api } from "../data/api.js";
import { boot } from "../data/boot.js";
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { page } from "../data/page.js";
import { el } from "./dom.js";
import { figureText } from "./figure_text.js";
import { icon } from "./icon.js";
import { places } from "./places.js";
import { say } from "./say.js";
import { side } from "./side.js";

const LOOK = { "norm-under": ["info", "c-info"] };
const OTHERS = ["warn", "c-warn"];

/** Owns the list and how far one has come. Verbs: open, step. */
export class FindingsWalk {
  #kind = null;
  #rows = [];
  #counts = {};
  #at = -1;
  #read = null;

  /** @param {{outline: (area: object | null) => void, go: (area: object) => void, shut: () => void}} verbs */
  constructor(verbs) {
    this.verbs = verbs;
  }

  /** @param {string | null} kind only these; null: all */
  async open(kind = null) {
    this.#kind = kind;
    this.#at = -1;
    this.#read = null;
    await this.#load();
    this.#draw();
    document.querySelector("#side [data-finding]")?.focus();
  }

  /** The next problem, or the one before. @param {1 | -1} by */
  async step(by) {
    await this.#load();
    if (!this.#rows.length) {
      this.#draw();
      say.now(t("findings.none"));
      return;
    }
    if (side.shown === "findings" || this.#at < 0) this.#at += by;
    else this.#at += by > 0 ? 1 : -1;
    this.#at = (this.#at + this.#rows.length) % this.#rows.length;
    this.#draw();
    this.#focus();
  }

  #focus() {
    document.querySelector(`#side [data-finding="${this.#at}"]`)?.focus();
  }

  async #load() {
    const key = `${page.rev} ${page.level} ${this.#kind}`;
    if (this.#read === key) return;
    const told = await api
      .get(boot.urls.findings, { query: { level: page.level, ...(this.#kind ? { kind: this.#kind } : {}) } })
      .catch(() => ({ findings: [], counts: {} }));
    const now = this.#rows[this.#at];
    this.#read = key;
    this.#rows = told.findings;
    this.#counts = told.counts;
    const again = now ? this.#rows.findIndex((row) => row.kind === now.kind && row.fid === now.fid) : -1;
    this.#at = again >= 0 ? again : Math.min(this.#at, this.#rows.length) - (now ? 1 : 0);
    if (this.#at < -1) this.#at = -1;
  }

  #filter() {
    const kinds = Object.keys(this.#counts);
    const button = (kind, words, count) =>
      el(
        "button",
        {
          class: "tg",
          type: "button",
          role: "radio",
          "aria-checked": String(kind === this.#kind),
          "data-key": `kind ${kind}`,
          onclick: () => this.open(kind),
        },
        words,
        count === null ? null : el("span", { class: "num" }, ` ${format.number(count)}`),
      );
    return el(
      "div",
      { class: "seg wrap", role: "radiogroup", "aria-label": t("findings.filter") },
      button(null, t("findings.all"), null),
      kinds.map((kind) => button(kind, t(`finding.${kind}`), this.#counts[kind])),
    );
  }

  #row(row, index) {
    const [name, colour] = LOOK[row.kind] ?? OTHERS;
    const outline = () => {
      this.#at = index;
      this.verbs.outline(row);
    };
    return el(
      "li",
      {},
      el(
        "button",
        {
          class: "mi",
          type: "button",
          "data-finding": index,
          "data-key": `finding ${row.kind} ${row.fid}`,
          "aria-current": index === this.#at ? "true" : null,
          onfocus: () => {
            outline();
            say.politely(
              t("findings.at", {
                n: index + 1,
                all: this.#rows.length,
                what: `${t(`finding.${row.kind}`)} ${places.title(row)}`,
              }),
            );
          },
          onpointerenter: () => this.verbs.outline(row),
          onpointerleave: () => this.verbs.outline(null),
          onblur: () => this.verbs.outline(null),
          onclick: () => {
            this.#at = index;
            this.verbs.outline(null);
            this.verbs.go(row);
          },
        },
        el("span", { class: colour }, icon(name, "s")),
        el("span", {}, places.title(row), el("small", {}, t(`finding.${row.kind}`), " ", row.code)),
        el("span", { class: "r" }, figureText.households(row.households)),
      ),
    );
  }

  #draw() {
    side.show("findings", {
      title: t("findings.title"),
      sub: t("findings.how"),
      body: [
        el("section", { class: "sec" }, this.#filter()),
        el(
          "section",
          { class: "sec" },
          this.#rows.length
            ? el("ol", { class: "walk", "aria-label": t("findings.title") }, this.#rows.map((row, i) => this.#row(row, i)))
            : el("p", { class: "hint" }, t("findings.none")),
        ),
      ],
      onShut: () => {
        this.verbs.outline(null);
        this.verbs.shut();
      },
    });
  }
}
