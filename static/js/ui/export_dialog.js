// Handing over: a package of data, or a briefing that opens without a network. Receiver and purpose are always asked and
// always logged.
import { t } from "../data/i18n.js";
import { briefingForm } from "./briefing_form.js";
import { dialog } from "./dialog.js";
import { el } from "./dom.js";
import { packageForm } from "./package_form.js";

const KINDS = { package: packageForm, briefing: briefingForm };

/** @param {{layer?: string, area?: {code: string, name: string} | null, kind?: "package" | "briefing"}} [preset] */
export function exportDialog({ layer = "areas", area = null, kind = "package" } = {}) {
  const oops = el("p", { class: "oops", role: "alert" }),
    job = el("div", { class: "job", hidden: true, "aria-live": "polite" }),
    place = el("div", {}),
    go = el("button", { class: "btn pri", type: "submit", form: "export-form" });
  const refuse = (text) => {
    oops.textContent = text ?? "";
  };
  const show = (id) => {
    for (const button of tabs.children) button.setAttribute("aria-pressed", String(button.dataset.kind === id));
    refuse(null);
    job.hidden = true;
    go.textContent = t(`export.go-${id}`);
    place.replaceChildren(KINDS[id]({ layer, area, go, job, refuse }));
    place.querySelector("[data-first]")?.focus();
  };
  const tabs = el(
    "div",
    { class: "seg", role: "group", "aria-label": t("export.kind") },
    Object.keys(KINDS).map((id) =>
      el("button", { class: "btn tg", type: "button", "data-kind": id, onclick: () => show(id) }, t(`export.kind-${id}`)),
    ),
  );
  const { shut } = dialog({
    title: t("export.title"),
    body: [tabs, place, oops, job],
    actions: [
      el("p", { class: "note" }, t("export.note")),
      el("button", { class: "btn", type: "button", onclick: () => shut() }, t("act.close")),
      go,
    ],
  });
  show(kind);
}
