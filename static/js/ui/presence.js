// Who else is here: up to four letters in the top bar; a press tells what they do and offers to go there. And says to the
// others where this page's person works, as long as somebody is at the keys.
import { activity } from "../data/activity.js";
import { api } from "../data/api.js";
import { boot } from "../data/boot.js";
import { t } from "../data/i18n.js";
import { page } from "../data/page.js";
import { peerName } from "../data/peer_name.js";
import { el } from "./dom.js";
import { icon } from "./icon.js";
import { popover } from "./popover.js";

const SHOWN = 4,
  SAY_MS = 20_000,
  SOON_MS = 400,
  IDLE_S = 300; // who has not moved for so long is not at work
const host = document.getElementById("peers");

/** Owns the letters and what is said about oneself. Verbs: show, watch. */
export class Presence {
  #you = null;
  #said = "";
  #timer = null;
  #who = [];
  #held = new Map(); // the button of each, by key: it stays while somebody is about to press it

  /** @param {{onWho: (who: object[]) => void, onGo: (area: object) => void}} verbs */
  constructor(verbs) {
    this.verbs = verbs;
  }

  /** Begins to say where one works. */
  watch() {
    page.on(["selection", "tool"], () => this.#soon());
    setInterval(() => this.#say(), SAY_MS);
    this.#say();
    addEventListener("pagehide", () => {
      fetch(boot.urls.presence, {
        method: "POST",
        keepalive: true,
        credentials: "same-origin",
        headers: { "Content-Type": "application/json", "X-CSRF-Token": boot.csrf, "X-Idle": String(activity.idle()) },
        body: '{"gone":true}',
      }).catch(() => null);
    });
    return this;
  }

  #soon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#say(), SOON_MS);
  }

  async #say() {
    if (activity.idle() > IDLE_S || page.offline || document.visibilityState === "hidden") return;
    const body = { area: page.selection[0]?.code ?? null, tool: page.tool };
    const told = await api.post(boot.urls.presence, { body }).catch(() => null);
    if (!told || told.you === this.#you) return;
    this.#you = told.you;
    this.show(this.#who);
  }

  /** @param {object[]} who as the event `presence` tells it */
  show(who) {
    this.#who = who;
    const others = this.#you === null ? [] : who.filter((one) => one.key !== this.#you);
    const said = JSON.stringify(others);
    if (said === this.#said) return;
    this.#said = said;
    this.verbs.onWho(others);
    const more = others.length > SHOWN ? others.length - SHOWN + 1 : 0;
    const all = el(
      "button",
      {
        class: "peer more",
        type: "button",
        "aria-haspopup": "dialog",
        "aria-expanded": "false",
        "aria-label": t("peer.all", { n: others.length, count: others.length }),
        onclick: (event) => this.#open(event.currentTarget, others),
      },
      `+${more}`,
    );
    const seen = others.slice(0, more ? SHOWN - 1 : SHOWN);
    this.#held = new Map(seen.map((other) => [other.key, this.#button(other)]));
    const buttons = [...this.#held.values(), ...(more ? [all] : [])];
    if (buttons.length !== host.children.length || buttons.some((button, at) => button !== host.children[at])) host.replaceChildren(...buttons);
    host.hidden = !others.length;
  }

  #button(other) {
    const button = this.#held.get(other.key) ?? el("button", { class: "peer", type: "button", "aria-haspopup": "dialog", "aria-expanded": "false" });
    button.title = this.#line(other);
    button.ariaLabel = button.title;
    button.textContent = peerName.letter(other);
    button.onclick = () => this.#open(button, [other]);
    return button;
  }

  #line(other) {
    return [peerName.doing(other), other.area ? other.area.name || other.area.code : null].filter(Boolean).join(" · ");
  }

  #open(button, some) {
    popover.show(
      button,
      some.flatMap((other) => [
        el("h4", {}, this.#line(other)),
        other.area
          ? el(
              "button",
              {
                class: "mi",
                type: "button",
                onclick: () => {
                  popover.shut();
                  this.verbs.onGo(other.area);
                },
              },
              icon("right", "s"),
              t("peer.go"),
            )
          : el("p", { class: "none" }, t("peer.nowhere")),
      ]),
      { side: "right", label: t("peer.title") },
    );
  }
}
