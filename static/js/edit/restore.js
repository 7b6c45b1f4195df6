// Taking any edit of the history back: one's own at once, another's with a reason; else what is in the way.
import { api } from "../data/api.js";
import { boot } from "../data/boot.js";
import { t } from "../data/i18n.js";
import { dialog } from "../ui/dialog.js";
import { el } from "../ui/dom.js";
import { editName } from "../ui/edit_name.js";
import { toast } from "../ui/toast.js";

const LONGEST = 200;

/** @returns {Promise<string | null>} why another's edit is taken back; null when one thinks better of it */
function askReason(edit) {
  let reason = null;
  const field = el("textarea", { name: "reason", rows: 3, maxlength: LONGEST, required: true, "aria-required": "true" });
  const form = el(
    "form",
    { id: "reason-form", method: "dialog" },
    el("p", {}, t("history.others", { what: editName.full(edit), who: edit.actor ?? t("conflict.somebody") })),
    el("label", { class: "field" }, el("span", {}, t("history.why")), field),
  );
  const shown = dialog({
    title: t("history.back-title"),
    body: [form],
    actions: [
      el("button", { class: "btn", type: "button", onclick: () => shown.shut() }, t("act.cancel")),
      el("button", { class: "btn pri", type: "submit", form: "reason-form" }, t("history.back")),
    ],
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    reason = field.value.trim();
    if (reason) shown.shut();
    else field.focus();
  });
  field.focus();
  return shown.closed.then(() => reason || null);
}

/**
 * @param {object} edit a line of the history
 * @param {(done: {answer: object, name: string, op: string}) => Promise<void>} after what the page does then
 * @returns {Promise<number[] | null>} the edits in the way; null when it went back or was left
 */
export async function restore(edit, after) {
  try {
    const seen = await api.post(boot.urls.preview, { body: { op: "undo", edit: edit.rev } });
    if (!seen.possible) return seen.blocked_by;
    const reason = seen.reason_needed ? await askReason(edit) : null;
    if (seen.reason_needed && !reason) return null;
    const answer = await api.post(boot.urls.undo, { path: { rev: edit.rev }, body: reason ? { reason } : {} });
    await after({ answer, name: editName.full(edit), op: `${edit.op} ${edit.note ?? ""}` });
    return null;
  } catch (error) {
    if (error.code === "undo-blocked" && error.body.edits?.length) return error.body.edits;
    toast(error.status === 404 ? t("history.not-yours") : error.text, { kind: "bad" });
    return null;
  }
}
