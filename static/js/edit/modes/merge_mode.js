// The tool Merge: pick neighbours, choose which code stays, save.
import { api } from "../../data/api.js";
import { boot } from "../../data/boot.js";
import { t } from "../../data/i18n.js";
import { page } from "../../data/page.js";
import { el } from "../../ui/dom.js";
import { figureText } from "../../ui/figure_text.js";
import { hint } from "../../ui/hint.js";
import { icon } from "../../ui/icon.js";
import { mergePanel } from "../../ui/merge_panel.js";
import { places } from "../../ui/places.js";
import { say } from "../../ui/say.js";
import { tip } from "../../ui/tip.js";
import { merge } from "../operations/merge.js";
import { split } from "../operations/split.js";
import { transfer } from "../operations/transfer.js";
import { Preview } from "../preview.js";
import { save } from "../save.js";
import { PickingMode } from "./picking_mode.js";

/** Owns the areas picked; they are the selection of the page. */
export class MergeMode extends PickingMode {
  #areas = new Map();
  #keep = null;
  #reading = null; // until the areas picked are here
  #said = ""; // words about whose code stays, said together with what comes out
  #parts = false; // what comes out may have several parts: somebody asked for it

  /** @param {import("../desk.js").Desk} desk */
  constructor(desk) {
    super(desk);
    this.preview = new Preview((form, signal) => api.post(boot.urls.preview, { body: form, signal }), {
      onAnswer: (answer) => this.#answered(answer),
      onRefusal: (error) => this.#refused(error),
      onSlow: () => tip.wait(),
    });
    page.on("selection", () => {
      if (page.tool === "merge") this.#picked();
    });
  }

  enter() {
    if (!split.near()) hint.show(t("split.closer"));
    this.#picked();
  }

  leave() {
    this.#drop();
    this.desk.tell.card();
  }

  double() {
    if (this.preview.form) this.finish();
  }

  key(event) {
    if (event.key.toLowerCase() === "k" && this.#areas.size > 1) {
      const codes = [...this.#areas.keys()];
      this.#keepCode(codes[(codes.indexOf(this.#keep) + 1) % codes.length]);
      return true;
    }
    return super.key(event);
  }

  #picked() {
    return (this.#reading = this.#read());
  }

  async #read() {
    const codes = page.selection.map((entry) => entry.code);
    for (const code of this.#areas.keys()) if (!codes.includes(code)) this.#areas.delete(code);
    await Promise.all(
      codes
        .filter((code) => !this.#areas.has(code))
        .map(async (code) => {
          const area = await api.get(boot.urls.area, { path: { code } }).catch(() => null);
          if (area && page.selection.some((entry) => entry.code === code)) this.#areas.set(code, area);
        }),
    );
    if (page.tool !== "merge" || String(codes) !== String(page.selection.map((entry) => entry.code))) return; // others are picked by now
    const areas = codes.map((code) => this.#areas.get(code)).filter(Boolean);
    if (!areas.some((area) => area.code === this.#keep)) this.#keep = merge.keeper(areas);
    else if (!this.chosen) this.#keep = merge.keeper(areas);
    if (areas.length < 2) {
      this.#parts = false;
      this.preview.drop();
      this.desk.canvas.show("preview", []);
      tip.hide();
      mergePanel({ areas, keep: this.#keep, answer: null }, this.#verbs());
      return;
    }
    this.#ask(areas);
  }

  #ask(areas) {
    this.preview.ask(merge.form(areas, this.#keep, this.#parts));
  }

  #allow(parts) {
    this.#parts = parts;
    this.#ask([...this.#areas.values()]);
  }

  /** Ways out: areas that do not touch may stay apart; one under another parent may come over. */
  #offers({ code }) {
    if (code === "not-adjacent") return [{ key: "parts", words: t("parts.allow"), verb: () => this.#allow(true) }];
    const keeper = this.#areas.get(this.#keep);
    const other = [...this.#areas.values()].find((area) => area.parent !== keeper?.parent);
    if (code !== "other-parent" || !keeper || !other || !boot.account.can.transfer || !transfer.of(other)) return [];
    const words = t("merge.transfer", { what: places.title(other), to: places.title(keeper.ancestors.at(-1)) });
    return [{ key: "transfer", words, verb: () => this.desk.tell.transfer(other, keeper.parent) }];
  }

  #keepCode(code) {
    this.#keep = code;
    this.chosen = true;
    this.#said = t("say.keeps", { what: places.short(this.#areas.get(code)) });
    this.#ask([...this.#areas.values()]);
  }

  #verbs() {
    return {
      keep: (code) => this.#keepCode(code),
      parts: () => this.#allow(false),
      cancel: () => this.cancel(),
      save: () => this.finish(),
      see: (where) => this.desk.canvas.goTo({ where }),
    };
  }

  #answered(answer) {
    const areas = page.selection.map((entry) => this.#areas.get(entry.code)).filter(Boolean);
    const one = answer.changed.find((area) => !area.retired);
    this.desk.canvas.show(
      "preview",
      one?.geometry ? [{ type: "Feature", properties: { kind: "piece", side: "b" }, geometry: one.geometry }] : [],
    );
    tip.show([
      el(
        "div",
        { class: "r" },
        el("span", {}, `${areas.map((area) => places.short(area)).join(" + ")} =`),
        el("span", { class: "n" }, figureText.households(one?.after?.households)),
        figureText.word(one?.after?.norm),
      ),
    ]);
    mergePanel({ areas, keep: this.#keep, answer, parts: this.#parts }, this.#verbs());
    const merged = t("say.merged", { what: figureText.households(one?.after?.households) });
    say.politely([this.#said, merged].filter(Boolean).join(", "));
    this.#said = "";
  }

  #refused(error) {
    this.desk.canvas.show("preview", []);
    const areas = [...this.#areas.values()];
    tip.show([el("div", { class: "r" }, icon("bad", "s"), error.text)], "refused");
    mergePanel({ areas, keep: this.#keep, answer: null, refusal: error, offers: this.#offers(error) }, this.#verbs());
    say.politely(error.text);
  }

  async finish() {
    await this.#reading;
    await this.preview.settle();
    const form = this.preview.form ?? this.preview.stale;
    if (!form) return;
    await save(form, {
      desk: this.desk,
      onSaved: (answer) => {
        const keep = this.#keep;
        this.#drop();
        const kept = answer.changed.find((area) => area.code === keep && !area.retired);
        page.set({ selection: kept ? [{ fid: kept.fid, code: kept.code, name: kept.name, level: kept.level }] : [] });
        this.desk.tell.saved(answer);
      },
      onDropped: () => {
        this.#drop();
        page.set({ selection: [] });
        this.desk.tell.renew();
      },
      onStay: () => {
        this.#areas.clear();
        this.#picked();
      },
      onRefused: (error) => this.#refused(error),
    });
  }

  #drop() {
    this.preview.drop();
    this.#areas.clear();
    this.#keep = null;
    this.chosen = this.#parts = false;
    this.desk.canvas.show("preview", []);
    tip.hide();
  }
}
