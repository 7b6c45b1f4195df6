// The form of a briefing: of where, for whom, what for, until when it holds, in which language.
import { api } from "../data/api.js";
import { boot } from "../data/boot.js";
import { t } from "../data/i18n.js";
import { choose, labelled, scopes } from "./choices.js";
import { el } from "./dom.js";
import { follow } from "./made_file.js";

const pad = (number) => String(number).padStart(2, "0");
/** As a field of date and time takes it: local, to the minute. */
const local = (at) => `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}T${pad(at.getHours())}:${pad(at.getMinutes())}`;

/** A local time with its offset. */
function withOffset(text) {
  const minutes = -new Date(text).getTimezoneOffset();
  const far = Math.abs(minutes);
  return `${text.slice(0, 16)}:00${minutes < 0 ? "-" : "+"}${pad(Math.floor(far / 60))}:${pad(far % 60)}`;
}

/** @returns {HTMLFormElement} */
export function briefingForm({ area, go, job, refuse }) {
  const now = new Date();
  const tomorrow = new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1, 8);
  const inputs = {
    area: choose("area", scopes(area), area?.code ?? ""),
    lang: choose("lang", [["zh", "中文"], ["en", "English"]], boot.lang),
    receiver: el("input", { class: "input", name: "receiver", required: true, maxlength: 120, "data-first": true }),
    purpose: el("input", { class: "input", name: "purpose", required: true, maxlength: 200 }),
    valid_until: el("input", { class: "input", name: "valid_until", type: "datetime-local", required: true, min: local(now), value: local(tomorrow) }),
  };
  return el(
    "form",
    {
      id: "export-form",
      class: "form",
      onsubmit: async (event) => {
        event.preventDefault();
        refuse(null);
        const body = Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, input.value.trim()]));
        if (!body.area) delete body.area;
        body.valid_until = withOffset(body.valid_until);
        go.disabled = true;
        try {
          const { id } = await api.post(boot.urls.briefings, { body });
          job.hidden = false;
          await follow(boot.urls.briefing, id, job, () => t("export.briefing-done"));
        } catch (error) {
          refuse(error.text);
        }
        go.disabled = false;
      },
    },
    el("p", { class: "hint wide" }, t("export.briefing-note")),
    labelled("area", inputs.area),
    labelled("lang", inputs.lang),
    labelled("receiver", inputs.receiver, { required: true, wide: true }),
    labelled("purpose", inputs.purpose, { required: true, wide: true }),
    labelled("valid-until", inputs.valid_until, { required: true }),
  );
}
