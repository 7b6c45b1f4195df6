// A file that the server makes as a job: how far it is, and when it is done where to fetch it and how to check it.
import { api } from "../data/api.js";
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { el } from "./dom.js";
import { icon } from "./icon.js";

const ASK_MS = 700;

function bar(share) {
  return el(
    "svg",
    {
      class: "bar",
      viewBox: "0 0 100 3",
      preserveAspectRatio: "none",
      role: "progressbar",
      "aria-valuenow": share,
      "aria-valuemin": 0,
      "aria-valuemax": 100,
      "aria-label": t("export.running"),
    },
    el("rect", { class: "b0", width: 100, height: 3 }),
    el("rect", { class: "b1", width: share, height: 3 }),
  );
}

/** A line to copy, with the word for what it is. */
function line(label, text) {
  const done = el("span", { class: "visually-hidden", role: "status" });
  const copy = async () => {
    await navigator.clipboard?.writeText(text).catch(() => null);
    done.textContent = t("export.copied");
  };
  return el(
    "div",
    { class: "proof" },
    el("span", { class: "mute t1" }, label),
    el("code", {}, text),
    el("button", { class: "btn quiet icon", type: "button", "aria-label": t("export.copy", { what: label }), title: t("export.copy", { what: label }), onclick: copy }, icon("copy", "s")),
    done,
  );
}

/** The size of a file: 340 kB, 1.2 MB. */
const size = (bytes) => (bytes < 1e6 ? `${format.number(Math.max(1, Math.round(bytes / 1e3)))} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

/**
 * Watches a job until it is over and shows it in `host`.
 * @param {string} template address of the job @param {string} id @param {HTMLElement} host
 * @param {(told: object) => string} sentence what is said of a finished one
 */
export async function follow(template, id, host, sentence) {
  for (;;) {
    const told = await api.get(template, { path: { id } });
    const share = Math.round((told.progress ?? 0) * 100);
    if (told.state === "failed") {
      host.replaceChildren(el("div", { class: "oops" }, icon("bad", "s"), told.text || t("export.failed")));
      return;
    }
    if (told.state === "done") {
      host.replaceChildren(
        el(
          "div",
          { class: "r" },
          icon("ok", "s"),
          el("span", {}, sentence(told), " ", el("span", { class: "mute" }, size(told.bytes))),
          el("a", { class: "btn pri num", href: told.url, download: true }, icon("export", "s"), t("export.download")),
        ),
        line("SHA-256", told.sha256),
        told.verify ? line(t("export.verify"), told.verify) : "",
      );
      host.querySelector("a").focus();
      return;
    }
    host.replaceChildren(
      el("div", { class: "r" }, t(`export.${told.state}`), el("span", { class: "num" }, `${share} %`)),
      bar(share),
    );
    await new Promise((resolve) => setTimeout(resolve, ASK_MS));
  }
}
