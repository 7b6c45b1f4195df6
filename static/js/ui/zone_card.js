// The card of a zone: kind, status, people as they are and as they were decided, order, dated decisions; and what this person
// may decide about it.
import { api } from "../data/api.js";
import { boot } from "../data/boot.js";
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { named } from "../data/named.js";
import { page } from "../data/page.js";
import { el } from "./dom.js";
import { figureSections } from "./figure_sections.js";
import { icon } from "./icon.js";
import { side } from "./side.js";
import { toast } from "./toast.js";
import { ZoneDecision, actIcon, actName, asks, stricter } from "./zone_decision.js";
import { zoneTag } from "./zone_tag.js";

const { section } = figureSections;
const CHIPS = { proposed: "edit", in_force: "ok", lifted: "plain" };
const ACTS = ["approve", "lift", "extend", "upgrade", "reject"];

const line = (words, value) =>
  value === null || value === undefined || value === ""
    ? null
    : el("tr", {}, el("th", { scope: "row" }, words), el("td", { class: "wrap" }, value));
const button = (key, onclick, more = {}) => el("button", { class: "btn", type: "button", "data-key": key, onclick, ...more });
const table = (...rows) => el("table", { class: "eff" }, el("tbody", {}, ...rows));

/** "12 单元 · 3 幢": what was frozen at approval. */
function madeOf(count) {
  const parts = ["units", "buildings", "cells"].filter((layer) => count?.[layer]);
  return parts.map((layer) => t(`zone.count-${layer}`, { n: format.number(count[layer]), count: count[layer] })).join(" · ");
}

function figures(zone) {
  const f = zone.figures,
    { decided } = zone;
  const moved = decided && (decided.households !== f.households || decided.population !== f.population);
  return section(
    null,
    null,
    table(
      line(t("fig.special"), figureSections.special(f)),
      f.unknown_leaves ? line(t("zone.unknown"), format.number(f.unknown_leaves)) : null,
      decided
        ? line(
            t("zone.decided"),
            el(
              "span",
              { class: moved ? "diff" : "was" },
              t("zone.decided-figures", { h: format.number(decided.households), p: format.number(decided.population) }),
            ),
          )
        : null,
      line(t("zone.made-of"), madeOf(zone.members_count)),
    ),
    f.estimated ? el("p", { class: "hint" }, t("zone.estimated")) : null,
  );
}

const order = (zone) =>
  section(
    t("zone.order"),
    null,
    table(
      line(t("zone.reason"), zone.reason),
      line(t("zone.order_no"), zone.order_no),
      line(t("zone.authority"), zone.authority),
      line(t("zone.by"), zone.proposed_by),
      line(t("zone.approved-by"), zone.approved_by),
      line(t("zone.from"), zone.from ? format.time(zone.from) : null),
      line(t("zone.ends"), zone.ends_at ? format.time(zone.ends_at) : null),
      line(t("zone.lifted-at"), zone.lifted_at ? format.time(zone.lifted_at) : null),
    ),
  );

/** One dated decision: what, when, who, on what ground. */
function eventRow(event) {
  const data = event.data ?? {};
  const what = [
    data.until ? t("zone.until-time", { at: format.time(data.until) }) : null,
    event.kind.startsWith("upgrade") && (data.to ?? data.kind) ? `-> ${named(boot.zone_kinds, data.to ?? data.kind)}` : null,
    event.kind === "approved" && data.population !== undefined
      ? t("zone.decided-figures", { h: format.number(data.households), p: format.number(data.population) })
      : null,
    event.authority,
    event.order_no,
    event.reason,
  ].filter(Boolean);
  return el(
    "li",
    {},
    el("b", {}, t(`zone.event-${event.kind}`), event.actor ? el("span", { class: "mute by" }, ` ${event.actor}`) : null),
    el("span", { class: "mute t1" }, format.time(event.at)),
    what.length ? el("small", {}, what.join(" · ")) : null,
  );
}

const events = (zone) =>
  zone.events?.length
    ? section(t("zone.decisions"), format.number(zone.events.length), el("ul", { class: "dated" }, [...zone.events].reverse().map(eventRow)))
    : null;

/** Who decides now, in one sentence. */
function whoDecides(zone) {
  if (zone.asked?.by === boot.account.name) return t("zone.asked-own");
  if (zone.status === "lifted") return t("zone.is-lifted");
  if (zone.status === "in_force") return t("zone.lifting", { who: zone.authority || t("zone.the-authority") });
  return t(zone.proposed_by === boot.account.name && boot.account.can.approve_zone ? "zone.waits-other" : "zone.waits");
}

/** Owns the card of the zone that is shown. Verbs: show, again, leave. `id` is null while none is. */
export class ZoneCard {
  id = null;
  zone = null;
  #decision = null;
  #busy = false;

  /**
   * @param {{withdraw: (zone: object) => void, go: (zone: object) => void, shut: () => void, decided: (zone: object, act: string) =>
   *   Promise<void>}} verbs
   */
  constructor(verbs) {
    this.verbs = verbs;
  }

  /** @param {number} id */
  async show(id) {
    if (this.id !== id) {
      this.#decision = null;
      this.zone = page.zones?.find((zone) => zone.id === id) ?? null;
    }
    this.id = id;
    if (this.zone) this.draw();
    await this.again();
  }

  /** Reads the zone anew: somebody decided about it, or its people are others now. */
  async again() {
    const { id } = this;
    const zone = await api.get(boot.urls.zone, { path: { id } }).catch((error) => {
      if (this.id === id && error.status === 404) this.verbs.shut();
      else if (this.id === id && error.code !== "offline") toast(error.text, { kind: "bad" });
      return null;
    });
    if (!zone || this.id !== id) return;
    const may = zone.can ?? { withdraw: zone.can_withdraw };
    if (this.#decision && !may[this.#decision.act]) this.#decision = null;
    this.zone = zone;
    this.draw();
  }

  leave() {
    this.id = this.zone = this.#decision = null;
  }

  #begin(act) {
    this.#decision = new ZoneDecision(act, this.zone);
    side.height("high");
    this.draw();
    document.querySelector("#side .decide")?.scrollIntoView({ block: "nearest" });
    this.#decision.form.focus();
  }

  #cancel() {
    const { act } = this.#decision;
    this.#decision = null;
    this.draw();
    document.querySelector(`#side [data-key="act ${act}"]`)?.focus();
  }

  async #send() {
    if (this.#busy) return;
    this.#busy = true;
    const decision = this.#decision;
    const told = await decision.send();
    this.#busy = false;
    if (told) {
      this.#decision = null;
      const { zone } = decision;
      const done = asks(decision.act, zone) ? "ask" : decision.act === "reject" && zone.status === "in_force" ? "refuse" : decision.act;
      await this.verbs.decided({ ...zone, ...told }, done);
      if (this.id === told.id) await (told.withdrawn ? this.verbs.shut() : this.again());
    } else if (this.id === decision.zone.id) {
      const { activeElement } = document;
      this.draw();
      activeElement?.focus?.();
    }
  }

  #actions(zone) {
    if (this.#decision) {
      const { act } = this.#decision;
      const cancel = button("decide cancel", () => this.#cancel(), { "data-escape": true });
      const send = button("decide send", () => this.#send(), { class: `btn ${act === "reject" ? "" : "pri"}`, "data-writes": true });
      cancel.append(t("act.cancel"), el("kbd", {}, "Esc"));
      send.append(icon(actIcon(act), "s"), actName(act, zone));
      return el("div", { class: "act" }, cancel, send, el("p", { class: "note" }, t(act === "approve" ? "zone.under-approve" : "zone.under")));
    }
    const may = zone.can ?? { withdraw: zone.can_withdraw };
    const begin = (act) => {
      const made = button(`act ${act}`, () => this.#begin(act), { class: `btn ${act === "approve" ? "pri" : ""}`, "data-writes": true });
      made.append(actName(act, zone));
      return made;
    };
    const offered = ACTS.filter((act) => may[act] && (act !== "upgrade" || stricter(zone).length)).map(begin);
    const withdraw = button("withdraw", () => this.verbs.withdraw(zone), { "data-writes": true });
    withdraw.append(icon("trash", "s"), t("zone.withdraw"));
    const go = button("go", () => this.verbs.go(zone));
    go.append(t("act.go"));
    return el("div", { class: "act row" }, offered, may.withdraw ? withdraw : null, go);
  }

  draw() {
    const { zone } = this;
    const f = zone.figures;
    side.show(`zone ${zone.id}`, {
      title: zone.name || zone.code,
      chip: el("span", { class: `chip ${CHIPS[zone.status]}` }, t(`zone.status-${zone.status}`)),
      sub: el(
        "span",
        {},
        zoneTag(zone.kind, zone.status),
        ` ${named(boot.zone_kinds, zone.kind)} `,
        zone.name && zone.name !== zone.code ? el("span", { class: "code" }, zone.code ?? "") : null,
      ),
      body: [
        figureSections.head({ households: f.households, population: f.population, norm: null }),
        zone.asked
          ? el(
              "section",
              { class: "sec" },
              el(
                "div",
                { class: "trouble waits" },
                el("b", {}, t(`zone.asked-${zone.asked.action}`, { at: format.time(zone.asked.at) })),
                el("span", {}, [zone.asked.by, zone.asked.reason, t("zone.asked-waits")].filter(Boolean).join(" · ")),
              ),
            )
          : null,
        this.#decision?.draw(() => this.#send()),
        figures(zone),
        order(zone),
        events(zone),
        section(null, null, el("p", { class: "hint who" }, icon("person", "s"), whoDecides(zone))),
      ].filter(Boolean),
      onShut: () => this.verbs.shut(),
      actions: this.#actions(zone),
    });
  }
}
