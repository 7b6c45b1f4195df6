// Fingers on the map: a tap is a click, two fingers move the map; holding still on the last point ends the drawing, and so does a
// button within reach. A palm does nothing, nor does a hand that rests beside a pen.
import { t } from "../data/i18n.js";
import { el } from "../ui/dom.js";
import { icon } from "../ui/icon.js";

const HOLD_MS = 550,
  STILL_PX = 10,
  HUSH_MS = 400; // after a finger that was held is lifted: the click that comes of it is none
const BUTTONS = { cancel: "close", back: "undo", remove: "minus", finish: "ok" }; // with their signs, in this order
const REACH_PX = 22; // a finger is wider than a pointer
const PALM_PX = 80; // and no wider than this, where the screen tells

/** Owns what is known of fingers and the buttons for them. Verb: offer. */
export class Fingers {
  static REACH_PX = REACH_PX;
  on = false; // the last to touch the map was a finger
  #from = null;
  #held = false;
  #palm = false;
  #pen = false; // what is in hand was drawn with a pen
  #bar = el("div", { class: "fingers", role: "toolbar", "aria-label": t("touch.title"), hidden: true });
  #offered = null;
  #gl;

  /** @param {import("../map/canvas.js").Canvas} canvas @param {HTMLElement} host @param {(event: object) => boolean} onHold */
  constructor(canvas, host, onHold) {
    const { gl } = canvas;
    this.#gl = gl;
    host.append(this.#bar);
    host.addEventListener("pointerdown", (event) => this.#used(event.pointerType), true);
    const wide = ({ touches }) => [...touches].some(({ radiusX, radiusY }) => 2 * Math.max(radiusX, radiusY) > PALM_PX);
    gl.on("touchstart", ({ points, point, lngLat, originalEvent }) => {
      this.#palm = wide(originalEvent);
      this.#from = points.length > 1 ? null : { point, lngLat, at: originalEvent.timeStamp };
    });
    gl.on("touchmove", ({ point, points, originalEvent }) => {
      this.#palm ||= wide(originalEvent); // it comes down with its edge
      if (points.length > 1 || (this.#from && Math.hypot(point.x - this.#from.point.x, point.y - this.#from.point.y) > STILL_PX)) this.#from = null;
    });
    gl.on("touchcancel", () => (this.#from = null));
    gl.on("touchend", ({ originalEvent }) => {
      // by the clock of the finger, not of the page: a page that is late must not take a tap for holding still
      const rests = this.#palm || (this.#pen && this.on);
      if (this.#from && originalEvent.timeStamp - this.#from.at >= HOLD_MS) this.#held = rests || onHold(this.#from);
      this.#from = null;
      if (this.#held) setTimeout(() => (this.#held = false), HUSH_MS);
    });
  }

  /** Whether a click is only the end of a finger that was held still, or of a palm. */
  get hushed() {
    return this.#held || this.#palm;
  }

  #used(pointer) {
    const finger = pointer === "touch";
    if (!finger) this.#palm = false;
    if (pointer === "pen") this.#pen = true;
    if (this.on === finger) return;
    this.on = finger;
    this.#show();
  }

  /** @param {Partial<Record<keyof typeof BUTTONS, () => void>> | null} verbs of what is in hand; null: nothing is */
  offer(verbs) {
    this.#offered = verbs;
    if (!verbs) this.#pen = false;
    this.#show();
  }

  #show() {
    const verbs = this.on ? this.#offered : null;
    const keys = Object.keys(BUTTONS).filter((key) => verbs?.[key]);
    // the same buttons stay: one that a finger is on must not be another when it is lifted
    const same = verbs && String(keys) === String([...this.#bar.children].map((one) => one.dataset.key.slice("touch ".length)));
    if (!same && this.#bar.contains(document.activeElement)) this.#gl.getCanvas().focus(); // the button in hand goes
    this.#bar.hidden = !verbs;
    if (!verbs || same) return;
    const button = (key) =>
      el(
        "button",
        { class: `btn ${key === "finish" ? "pri" : ""}`, type: "button", "data-key": `touch ${key}`, onclick: () => this.#offered?.[key]() },
        icon(BUTTONS[key], "s"),
        t(`touch.${key}`),
      );
    this.#bar.replaceChildren(...keys.map(button));
  }
}
