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
const rank = (id) => boot.zone_kinds.find((kind) => kind.id === id)?.rank ?? 0;

/** Kinds stricter than that of the zone. */
export const stricter = (zone) => boot.zone_kinds.filter((kind) => kind.drawn && kind.rank > rank(zone.kind));

/** A commander decides about what others proposed or asked for; everybody else asks, and so does he about his own. */
const decides = (zone) => boot.account.can.approve_zone && (Boolean(zone.asked) || zone.proposed_by !== boot.account.name);
const decider = (zone) => zone.authority || t("zone.the-authority");

/** What was asked for is filled in for who decides about it. */
const asked = (act, zone) => (zone.asked?.action === act ? zone.asked : {});
const local = (iso) => {
  const moment = new Date(iso);
  return iso && !Number.isNaN(moment.valueOf()) ? new Date(moment - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 16) : "";
};
const order = (act, zone) => [
  { name: "order_no", required: decides(zone), most: 60, value: asked(act, zone).order_no ?? "" },
  { name: "authority", most: 60, value: asked(act, zone).authority ?? zone.authority ?? "" },
];
const why = (act, zone) => ({ ...reason, value: asked(act, zone).reason ?? "" });

/** what is asked for, and what is said beside it */
const DECISIONS = {
  approve: {
    icon: "ok",
    fields: (zone) => [
      ...(zone.figures.population > MANY
        ? [{ name: "people", type: "number", required: true, wide: true, hint: t("zone.type-people", { n: MANY }) }]
        : []),
      { name: "order_no", required: true, most: 60, value: zone.order_no ?? "" },
      { name: "authority", most: 60, value: zone.authority ?? "" },
    ],
    note: () => t("zone.note-approve"),
  },
  reject: {
    icon: "close",
    fields: () => [reason],
    note: (zone) => t(zone.status === "proposed" ? "zone.note-reject" : "zone.note-refuse"),
  },
  extend: {
    icon: "clock",
    fields: (zone) => [
      { name: "until", type: "datetime-local", required: true, wide: true, value: local(asked("extend", zone).until ?? zone.ends_at) },
      why("extend", zone),
      ...order("extend", zone),
    ],
    note: (zone) => t("zone.note-extend", { who: decider(zone) }),
  },
  upgrade: {
    icon: "over",
    fields: (zone) => [
      {
        name: "kind",
        required: true,
        wide: true,
        options: stricter(zone).map((kind) => [kind.id, named(boot.zone_kinds, kind.id)]),
        value: asked("upgrade", zone).kind,
      },
      why("upgrade", zone),
      ...order("upgrade", zone),
    ],
    note: () => t("zone.note-upgrade"),
  },
  lift: {
    icon: "ok",
    fields: (zone) => [why("lift", zone), ...order("lift", zone)],
    note: (zone) => t("zone.note-lift", { who: decider(zone) }),
  },
};

/** The word on the button. @param {string} act @param {object} zone */
export function actName(act, zone) {
  if (act === "approve") return t("zone.act-approve");
  if (act === "reject") return t(zone.status === "proposed" ? "zone.act-reject" : "zone.act-refuse");
  return t(decides(zone) ? `zone.act-${act}` : `zone.ask-${act}`);
}
export const actIcon = (act) => DECISIONS[act].icon;
/** Whether this person only asks for it. */
export const asks = (act, zone) => ["extend", "upgrade", "lift"].includes(act) && !decides(zone);

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
        el("p", { class: "said" }, asks(this.act, this.zone) ? t("zone.note-ask", { who: decider(this.zone) }) : DECISIONS[this.act].note(this.zone)),
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
    body.version = zone.version;
    try {
      return await api.post(boot.urls.zone_act, { path: { id: zone.id, act: this.act }, body });
    } catch (error) {
      this.#refusal = [icon("bad", "s"), " ", error.text];
      for (const name of error.body?.fields ?? []) this.form.wrong(name);
      return null;
    }
  }
}
