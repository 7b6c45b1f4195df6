// Giving an area another parent: neighbours are offered, any other is found by a click on the map or by its name.
import { api } from "../data/api.js";
import { boot } from "../data/boot.js";
import { figures } from "../data/figures.js";
import { t } from "../data/i18n.js";
import { page } from "../data/page.js";
import { hint } from "../ui/hint.js";
import { places } from "../ui/places.js";
import { say } from "../ui/say.js";
import { side } from "../ui/side.js";
import { toast } from "../ui/toast.js";
import { transferPanel } from "../ui/transfer_panel.js";
import { transfer } from "./operations/transfer.js";
import { Preview } from "./preview.js";
import { save } from "./save.js";

/** Owns the question to whom an area shall belong. Verbs: open, picked, shut. */
export class Transfer {
  #asked = null; // {area, old, to, offered, parts}
  #turn = 0; // of the last choice: what is read for one before is old

  /** @param {import("./desk.js").Desk} desk */
  constructor(desk) {
    this.desk = desk;
    this.preview = new Preview((form, signal) => api.post(boot.urls.preview, { body: form, signal }), {
      onAnswer: (answer) => this.#show(answer),
      onRefusal: (error) => this.#show(null, error),
    });
  }

  /** @param {object} area as GET /api/areas/{code} gives it @param {string} [to] code of the parent that is chosen at once */
  async open(area, to = null) {
    const asked = (this.#asked = { area, old: null, to: null, offered: [], parts: false });
    this.#show();
    hint.show(t("hint.transfer"));
    const level = area.ancestors.at(-1).level;
    const near = api.get(boot.urls.areas, { query: { level, bbox: transfer.around(area), limit: 100 } });
    const [old, answer] = await Promise.all([this.#read(area.parent), near.catch(() => ({ areas: [] }))]);
    if (this.#asked !== asked) return;
    asked.old = old;
    asked.offered = answer.areas.filter((one) => one.level === level && one.code !== area.parent && one.editable !== false);
    this.#show();
    if (to) this.#choose(to);
  }

  #read(code, query = {}) {
    return api.get(boot.urls.area, { path: { code }, query }).catch(() => null);
  }

  /** A click on the map names the parent of what lies there. @returns {boolean} whether it was about this */
  picked() {
    if (!this.#asked) return false;
    const { area } = this.#asked,
      [one] = page.selection;
    if (one?.fid === area.fid) return true;
    page.set({ selection: [{ fid: area.fid, code: area.code, name: area.name, level: area.level }] });
    if (one) this.#at(one.code);
    return true;
  }

  async #at(code) {
    const { area } = this.#asked;
    const turn = ++this.#turn;
    const found = await this.#read(code);
    if (turn !== this.#turn) return;
    const level = area.ancestors.at(-1).level;
    const parent = found && [found, ...found.ancestors.slice().reverse()].find((one) => one.level === level);
    if (!parent || this.#asked?.area !== area) return;
    if (parent.code !== area.parent) return void this.#choose(parent.code);
    toast(t("transfer.same", { what: places.title(area), parent: places.title(parent) }), { kind: "info" });
  }

  async #choose(code) {
    const asked = this.#asked,
      turn = ++this.#turn;
    const to = await this.#read(code, { geometry: true });
    if (!to || this.#asked !== asked || turn !== this.#turn) return;
    this.preview.drop(); // an answer about another parent is old now
    if (asked.to?.code !== to.code) asked.parts = false;
    asked.to = to;
    if (!asked.offered.some((one) => one.code === to.code)) asked.offered.push(to);
    this.desk.canvas.show("outline", to.geometry ? [{ type: "Feature", properties: {}, geometry: to.geometry }] : []);
    this.#show();
    this.preview.ask(transfer.form(asked.area, to.code, asked.parts));
  }

  /** Whether a parent may have several parts. */
  #allow(parts) {
    this.#asked.parts = parts;
    this.#choose(this.#asked.to.code);
  }

  /** Areas of the parent's level that a word finds, with their households. */
  async #search(word) {
    const asked = this.#asked,
      level = asked.area.ancestors.at(-1).level;
    if (!word.trim()) return [];
    const [{ results }, held] = await Promise.all([
      api.get(boot.urls.search, { query: { q: word.trim() } }).catch(() => ({ results: [] })),
      figures.load(level, "households").catch(() => ({ fid: [], value: [] })),
    ]);
    return results
      .filter((one) => one.kind === "area" && one.level === level && one.code !== asked.area.parent)
      .map((one) => {
        const at = held.fid.indexOf(one.fid);
        return { ...one, ...(at < 0 ? {} : { households: held.value[at] }), above: one.detail.split(" › ").at(-1) };
      });
  }

  #show(answer = null, error = null) {
    if (!this.#asked) return;
    const outline = answer ? answer.changed.filter((one) => one.geometry) : [];
    this.desk.canvas.show(
      "preview",
      outline.map((one) => ({ type: "Feature", properties: { kind: "piece", side: "b" }, geometry: one.geometry })),
    );
    transferPanel(this.#asked, { answer, error }, {
      choose: (code) => this.#choose(code),
      search: (word) => this.#search(word),
      parts: (on) => this.#allow(on),
      cancel: () => this.shut(),
      save: () => this.#save(),
      see: (where) => this.desk.canvas.goTo({ where }),
    });
    if (error) say.now(error.text);
  }

  async #save() {
    const { area, to, parts } = this.#asked;
    side.release();
    await save(transfer.form(area, to.code, parts, area.version), {
      desk: this.desk,
      onSaved: (done) => {
        this.#drop();
        const moved = done.changed.find((one) => one.fid === area.fid);
        page.set({ selection: [{ fid: moved.fid, code: moved.code, name: moved.name, level: moved.level }] });
        this.desk.tell.saved(done);
      },
      onDropped: () => {
        this.#drop();
        this.desk.tell.renew();
      },
      onStay: () => this.#choose(to.code),
      onRefused: (error) => this.#show(null, error),
    });
  }

  #drop() {
    this.#asked = null;
    hint.show();
    this.preview.drop();
    this.desk.canvas.show("preview", []);
    this.desk.canvas.show("outline", []);
  }

  /** Leaves everything as it is. */
  shut() {
    if (!this.#asked) return;
    side.release();
    this.#drop();
    this.desk.tell.card();
  }
}
