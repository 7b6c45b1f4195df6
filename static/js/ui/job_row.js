// Long work in the foot: what it is, how far, how long still, a way to stop it; the page stays usable.
import { t } from "../data/i18n.js";
import { el } from "./dom.js";
import { icon } from "./icon.js";

const host = el("span", { class: "it job", hidden: true });
const said = el("span", { class: "visually-hidden", role: "status" });

/** A bar as wide as the share done. */
export const progressBar = (share, label) =>
  el(
    "svg",
    {
      class: "bar",
      viewBox: "0 0 100 3",
      preserveAspectRatio: "none",
      role: "progressbar",
      "aria-valuenow": Math.round(share * 100),
      "aria-valuemin": 0,
      "aria-valuemax": 100,
      "aria-label": label,
    },
    el("rect", { class: "b0", width: 100, height: 3 }),
    el("rect", { class: "b1", width: Math.round(share * 100), height: 3 }),
  );

const button = (word, key, act) => el("button", { class: "lk", type: "button", "data-key": key, onclick: act }, word);

export const jobRow = {
  /**
   * @param {{name: string, progress?: number | null, rest_s?: number | null, done?: boolean, stop: () => void, open?: () =>
   *   void}} job
   */
  show({ name, progress, rest_s, done = false, stop, open = null }) {
    const focused = host.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    if (!host.isConnected) document.querySelector("#foot .g").after(host, said);
    const began = host.hidden;
    host.hidden = false;
    host.replaceChildren(
      icon(done ? "ok" : "divide", "s"),
      el("span", { class: "what" }, t(done ? "job.done" : "job.divide", { what: name })),
      done || progress === null || progress === undefined ? "" : progressBar(progress, t("job.divide", { what: name })),
      done || !progress ? "" : el("span", { class: "num" }, `${Math.round(progress * 100)} %`),
      done || !rest_s ? "" : el("span", { class: "num" }, t("job.rest", { n: rest_s, count: rest_s })),
      open ? button(t("job.open"), "job open", open) : "",
      button(t(done ? "act.close" : "job.stop"), "job stop", stop),
    );
    if (focused) host.querySelector(`[data-key="${focused}"]`)?.focus();
    if (began || done) said.textContent = t(done ? "job.done" : "job.divide", { what: name });
  },

  /** How far, how long still. @param {{progress?: number | null, rest_s?: number | null}} told */
  words: (told) =>
    [
      told.progress ? `${Math.round(told.progress * 100)} %` : null,
      told.rest_s ? t("job.rest", { n: told.rest_s, count: told.rest_s }) : null,
    ]
      .filter(Boolean)
      .join(" · "),

  hide() {
    host.hidden = true;
    host.replaceChildren();
    said.textContent = "";
  },
};
