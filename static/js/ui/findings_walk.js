// The list of everything somebody should look at: filtered by kind, walked with F8. A row outlines its area; the map goes
// there on Enter or click only.
import { api } from "../data/api.js";
import { boot } from "../data/boot.js";
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { levels } from "../data/levels.js";
import { page } from "../data/page.js";
import { el } from "./dom.js";
import { figureText } from "./figure_text.js";
import { icon } from "./icon.js";
import { places } from "./places.js";
import { say } from "./say.js";
import { side } from "./side.js";

const LOOK = { "norm-under": ["info", "c-info"] };
const OTHERS = ["warn", "c-warn"];
const BARE = ["unassigned", "building-loose"];

/** Owns the list and how far one has come. Verbs: open, step, unassigned. */
export class FindingsWalk {
  #kind = null;
  #mine = false;
  #lent = false; // the kind was chosen for U alone: F8 goes on through all
  #rows = [];
  #counts = {};
  #at = -1;
  #read = null;
  #loading = null; // the last question: who waits for one before waits for this one
  #whole = null; // gaps, overlaps and nesting errors of the last proof; undefined: not read
  #unread = null; // why the list could not be read

  /** @param {{outline: (area: object | null) => void, go: (area: object) => void, shut: () => void}} verbs */
  constructor(verbs) {
    this.verbs = verbs;
  }

  /** @param {string | null} kind only these; null: all */
  async open(kind = null) {
    this.#kind = kind;
    this.#lent = false;
    this.#at = -1;
    this.#read = null;
    const focus = document.activeElement?.dataset?.key;
    await this.#load();
    this.#draw();
    (focus === "mine" ? null : document.querySelector("#side [data-finding]"))?.focus();
  }

  /** The next place that belongs to nobody: ground, else a building in no area. */
  async unassigned() {
    if (!BARE.includes(this.#kind) || this.#mine) {
      [this.#kind, this.#mine, this.#at] = [BARE[0], false, -1];
      await this.#load();
      if (!this.#rows.length && this.#counts[BARE[1]]) this.#kind = BARE[1];
      this.#lent = true;
    }
    await this.#step(1);
  }

  /** The next problem, or the one before. @param {1 | -1} by */
  step(by) {
    if (this.#lent) [this.#kind, this.#lent] = [null, false];
    return this.#step(by);
  }

  async #step(by) {
    await this.#load();
    if (!this.#rows.length) {
      this.#draw();
      say.now(this.#none());
      return;
    }
    if (side.shown === "findings" || this.#at < 0) this.#at += by;
    else this.#at += by > 0 ? 1 : -1;
    const at = (this.#at + this.#rows.length) % this.#rows.length;
    this.#at = at;
    this.#draw(); // a renewed panel gives the focus back to the row before, which takes it for the one we are at
    this.#at = at;
    this.#focus();
  }

  #focus() {
    document.querySelector(`#side [data-finding="${this.#at}"]`)?.focus();
  }

  #load() {
    const key = `${page.rev} ${page.level} ${this.#kind} ${this.#mine}`;
    if (this.#read === key) return this.#loading;
    const loading = this.#ask(key, () => loading === this.#loading);
    this.#loading = loading;
    return loading;
  }

  /** @param {string} key of what is asked @param {() => boolean} newest nothing else was asked since */
  async #ask(key, newest) {
    const level = this.#mine ? levels.deepest : page.level; // one's own hand is on the smallest areas
    const query = { level, ...(this.#kind ? { kind: this.#kind } : {}), ...(this.#mine ? { mine: true } : {}) };
    const [told, whole] = await Promise.all([
      api.get(boot.urls.findings, { query }).catch((error) => ({ findings: [], counts: {}, error })),
      api.get(boot.urls.summary, { query: { level: page.level } }).catch(() => undefined),
    ]);
    if (!newest()) return void (await this.#loading);
    this.#whole = whole && (whole.coverage ?? null);
    this.#unread = told.error?.text ?? null;
    const now = this.#rows[this.#at];
    this.#read = told.error ? null : key; // asked again the next time
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
    if (this.#kind && !kinds.includes(this.#kind)) kinds.push(this.#kind);
    const own = (event) => {
      this.#mine = event.currentTarget.checked;
      this.open(this.#kind);
    };
    return [
      el(
        "div",
        { class: "seg wrap", role: "radiogroup", "aria-label": t("findings.filter") },
        button(null, t("findings.all"), null),
        kinds.map((kind) => button(kind, t(`finding.${kind}`), this.#counts[kind] ?? 0)),
      ),
      el(
        "label",
        { class: "check below" },
        el("input", { type: "checkbox", checked: this.#mine, "data-key": "mine", onchange: own }),
        t("findings.mine"),
      ),
    ];
  }

  /** What the last proof of the whole map said of gaps, overlaps and nesting. */
  #proof() {
    if (this.#whole === undefined) return null;
    if (!this.#whole) return el("p", { class: "hint" }, t("findings.unproved"));
    const { gaps, overlaps, nesting, at } = this.#whole,
      clean = gaps + overlaps + nesting === 0;
    const time = format.time(at);
    const words = clean ? t("findings.proved", { time }) : t("checklist.areas-checked", { gaps, overlaps, nesting, time });
    const mark = el("span", { class: clean ? "c-ok" : "c-bad" }, icon(clean ? "ok" : "bad", "s"));
    return el("ul", { class: "find" }, el("li", {}, mark, el("span", {}, words)));
  }

  #title(row) {
    return row.level ? places.title(row) : row.name || row.code || t("findings.building");
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
                what: `${t(`finding.${row.kind}`)} ${this.#title(row)}`,
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
        el("span", {}, this.#title(row), el("small", {}, t(`finding.${row.kind}`), " ", row.code)),
        el("span", { class: "r" }, figureText.households(row.households)),
      ),
    );
  }

  #none() {
    return this.#unread ? t("findings.unread", { why: this.#unread }) : t("findings.none");
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
            : el("p", { class: "hint" }, this.#none()),
          this.#proof(),
        ),
      ],
      onShut: () => {
        this.verbs.outline(null);
        this.verbs.shut();
      },
    });
  }
}
