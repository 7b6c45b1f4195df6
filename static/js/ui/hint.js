// One line in the context bar: the tool in hand and what to do next; at its right what the pointer snaps to.
import { boot } from "../data/boot.js";
import { TOOLS } from "../edit/tools.js";
import { t } from "../data/i18n.js";
import { page } from "../data/page.js";
import { el } from "./dom.js";
import { icon } from "./icon.js";

const host = document.getElementById("hint");
const snaps = document.getElementById("snaps");
const SNAPS = ["vertices", "borders", "roads", "buildings"];

export const hint = {
  /** @param {string} [words] instead of the usual line of the tool */
  show(words) {
    const tool = TOOLS.find((entry) => entry.id === page.tool);
    const plain = !tool || tool.id === "select";
    host.classList.toggle("plain", plain);
    const line = el("span", {}, words ?? t(`hint.${tool?.id ?? "select"}`));
    host.replaceChildren(...(plain ? [line] : [icon(tool.icon), el("b", {}, t(`tool.${tool.id}`)), line]));
  },

  /**
   * @param {import("../edit/snapping.js").Snapper | null} snapper null hides the switches
   * @param {{on: boolean, toggle: () => void} | null} [tracing]
   */
  snaps(snapper, tracing = null) {
    if (!snapper) {
      snaps.replaceChildren();
      return;
    }
    const offered = SNAPS.filter((name) => name === "vertices" || name === "borders" || boot.map.has?.[name]);
    const button = (name) => {
      const made = el(
        "button",
        {
          class: "tg",
          type: "button",
          "aria-pressed": String(snapper.on[name]),
          "data-key": name,
          onclick: () => {
            snapper.on[name] = !snapper.on[name];
            made.setAttribute("aria-pressed", String(snapper.on[name]));
          },
        },
        t(`snap.${name}`),
      );
      return made;
    };
    snaps.replaceChildren(
      el("span", { class: "mute t1 word" }, t("snap.title"), " "),
      el("span", { class: "seg", role: "group", "aria-label": t("snap.title") }, offered.map(button)),
      ...(tracing
        ? [
            el(
              "button",
              {
                class: "tg alone",
                type: "button",
                "aria-pressed": String(tracing.on),
                "data-key": "trace",
                title: t("trace.how"),
                onclick: tracing.toggle,
              },
              t("trace.word"),
              el("kbd", {}, "T"),
            ),
          ]
        : []),
    );
  },
};
