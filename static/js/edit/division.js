// Subdividing and dissolving an area: no line is drawn; the panel shows the effect, Enter saves it.
import { api } from "../data/api.js";
import { boot } from "../data/boot.js";
import { levels } from "../data/levels.js";
import { page } from "../data/page.js";
import { divisionPanel } from "../ui/division_panel.js";
import { say } from "../ui/say.js";
import { side } from "../ui/side.js";
import { division } from "./operations/division.js";
import { Preview } from "./preview.js";
import { save } from "./save.js";

/** Owns the question whether an area is to be divided. Verbs: open, shut. */
export class Division {
  #asked = null;

  /** @param {import("./desk.js").Desk} desk */
  constructor(desk) {
    this.desk = desk;
    this.preview = new Preview((form, signal) => api.post(boot.urls.preview, { body: form, signal }), {
      onAnswer: (answer) => this.#show(answer),
      onRefusal: (error) => this.#show(null, error),
    });
  }

  /** @param {"subdivide" | "dissolve"} op @param {object} area */
  open(op, area) {
    this.#asked = { op, area, level: levels.below(area.level)[0]?.id };
    this.#ask();
  }

  #ask() {
    const { op, area, level } = this.#asked;
    this.preview.ask(division.form(op, area, level));
  }

  #show(answer, error = null) {
    if (!this.#asked) return;
    const pieces = answer?.changed.filter((one) => !one.retired && one.geometry) ?? [];
    this.desk.canvas.show(
      "preview",
      pieces.map((one) => ({ type: "Feature", properties: { kind: "piece", side: "b" }, geometry: one.geometry })),
    );
    divisionPanel(this.#asked, answer, error, {
      level: (id) => {
        this.#asked.level = id;
        this.#ask();
      },
      cancel: () => this.shut(),
      save: () => this.#save(answer),
      see: (where) => this.desk.canvas.goTo({ where }),
    });
    if (error) say.now(error.text);
  }

  async #save(answer) {
    const { op, area, level } = this.#asked;
    side.release();
    await save(division.form(op, area, level, division.versions(answer)), {
      desk: this.desk,
      onSaved: (done) => {
        this.#drop();
        const [fid, code, name, level] = ["fid", "code", "name", "level"].map(
          (key) => done.changed.find((one) => !one.retired && one.leaf)?.[key],
        );
        page.set({ selection: [{ fid, code, name, level }] }); // the next thing to draw on
        this.desk.tell.saved(done);
      },
      onDropped: () => {
        this.#drop();
        this.desk.tell.renew();
      },
      onStay: () => this.#ask(),
      onRefused: (error) => this.#show(null, error),
    });
  }

  #drop() {
    this.#asked = null;
    this.preview.drop();
    this.desk.canvas.show("preview", []);
  }

  /** Leaves everything as it is. */
  shut() {
    if (!this.#asked) return;
    side.release();
    this.#drop();
    this.desk.tell.card();
  }
}
