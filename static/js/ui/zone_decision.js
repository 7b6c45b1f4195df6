// Decisions about a zone: approve, reject, extend, upgrade, lift. What each asks for, and the sentence that says who decides.
import { api } from "../data/api.js";
import { boot } from "../data/boot.js";
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { named } from "../data/named.js";
import { el } from "./dom.js";
import { figureSections } from "./figure_sections.js";
import { icon } from "./icon.js";
import { ZoneFields } from "./zone_fields.js";

const MANY = 200; // people from which on the number is typed
const reason = { name: "reason", required: true, wide: true, most: 200 };
const order = { name: "order_no", required: true, most: 60 };
const authority = (zone) => ({ name: "authority", most: 60, value: zone.authority ?? "" });
const rank = (id) => boot.zone_kinds.find((kind) => kind.id === id)?.rank ?? 0;

/** Kinds stricter than that of the zone. */
export const stricter = (zone) => boot.zone_kinds.filter((kind) => kind.drawn && kind.rank > rank(zone.kind));

/** A commander who neither proposed the zone nor asked for its end lifts it; everybody else asks. */
export const lifts = (zone) =>
  boot.account.can.approve_zone && zone.proposed_by !== boot.account.name && zone.asked?.by !== boot.account.name;

const decider = (zone) => zone.authority || t("zone.the-authority");

/** what is asked for, and what is said beside it */
const DECISIONS = {
  approve: {
    icon: "ok",
    fields: (zone) => [
      ...(zone.figures.population > MANY
        ? [{ name: "people", type: "number", required: true, hint: t("zone.type-people", { n: MANY }) }]
        : []),
      { ...order, value: zone.order_no ?? "" },
      authority(zone),
    ],
    note: () => t("zone.note-approve"),
  },
  reject: { icon: "close", fields: () => [reason], note: () => t("zone.note-reject") },
  extend: {
    icon: "clock",
    fields: (zone) => [{ name: "until", type: "datetime-local", required: true, wide: true }, reason, order, authority(zone)],
    note: (zone) => t("zone.note-extend", { who: decider(zone) }),
  },
  upgrade: {
    icon: "over",
    fields: (zone) => [
      { name: "kind", required: true, wide: true, options: stricter(zone).map((kind) => [kind.id, named(boot.zone_kinds, kind.id)]) },
      reason,
      order,
      authority(zone),
    ],
    note: () => t("zone.note-upgrade"),
  },
  lift: {
    icon: "ok",
    fields: (zone) => [reason, ...(lifts(zone) ? [order, authority(zone)] : [{ ...order, required: false }])],
    note: (zone) => t(lifts(zone) ? "zone.note-lift" : "zone.note-ask", { who: decider(zone) }),
  },
};

/** The word on the button. @param {string} act @param {object} zone */
export const actName = (act, zone) => t(act === "lift" && !lifts(zone) ? "zone.act-ask" : `zone.act-${act}`);
export const actIcon = (act) => DECISIONS[act].icon;

/** Owns one decision being made. Verbs: draw, send. */
export class ZoneDecision {
  #refusal = null;

  /** @param {string} act @param {object} zone as it was shown when the decision began */
  constructor(act, zone) {
    this.act = act;
    this.zone = zone;
    this.form = new ZoneFields(`decide-${act}`, DECISIONS[act].fields(zone));
  }

  /** The section of the card that holds the fields. @param {() => void} done Enter in a field */
  draw(done) {
    return el(
      "form",
      {
        class: "decide",
        onsubmit: (event) => {
          event.preventDefault();
          done();
        },
      },
      figureSections.section(
        actName(this.act, this.zone),
        null,
        el("p", { class: "said" }, DECISIONS[this.act].note(this.zone)),
        this.form.draw(),
        this.#refusal ? el("div", { class: "trouble", role: "alert" }, this.#refusal) : null,
        el("button", { class: "visually-hidden", type: "submit", tabindex: "-1", "aria-hidden": "true" }, actName(this.act, this.zone)),
      ),
    );
  }

  /** @returns {Promise<object | null>} the zone after the decision; null: something is missing or was refused */
  async send() {
    this.#refusal = null;
    if (!this.form.complete()) return null;
    const { zone } = this;
    const body = this.form.values();
    if ("people" in body && body.people !== zone.figures.population) {
      this.#refusal = t("zone.wrong-people", { n: format.number(zone.figures.population) });
      this.form.wrong("people");
      return null;
    }
    if (this.act === "approve") body.version = zone.version;
    try {
      return await api.post(boot.urls.zone_act, { path: { id: zone.id, act: this.act }, body });
    } catch (error) {
      this.#refusal = [icon("bad", "s"), " ", error.text];
      for (const name of error.body?.fields ?? []) this.form.wrong(name);
      return null;
    }
  }
}
