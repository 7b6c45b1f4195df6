// Parts of every panel that shows an effect before it is saved: why it cannot be, the norm, the checks, cancel and save.
import { boot } from "../data/boot.js";
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { noticed } from "../edit/noticed.js";
import { el } from "./dom.js";
import { figureSections } from "./figure_sections.js";
import { findingsList } from "./findings_list.js";
import { icon } from "./icon.js";
import { normStrip } from "./norm_strip.js";
import { places } from "./places.js";

const { section } = figureSections;

export const effectParts = {
  /**
   * Why it cannot be, which areas that concerns, the way to the place, and ways out.
   * @param {Error | null} refusal
   * @param {(where: [number, number]) => void} see
   * @param {Array<{key: string, words: string, verb: () => void}>} [offers]
   */
  refusal(refusal, see, offers = []) {
    if (!refusal) return null;
    const areas = refusal.body?.areas ?? [];
    return el(
      "section",
      { class: "sec" },
      el(
        "div",
        { class: "trouble" },
        el(
          "span",
          { class: "r" },
          icon("bad", "s"),
          refusal.words ?? refusal.text,
          areas.length ? ` (${format.list(areas.map(places.called))})` : "",
        ),
        el(
          "div",
          { class: "r" },
          refusal.where ? el("button", { class: "lk", type: "button", onclick: () => see(refusal.where) }, t("finding.see")) : null,
          offers.map(({ key, words, verb }) =>
            el("button", { class: "btn", type: "button", "data-key": `offer ${key}`, onclick: verb }, words),
          ),
        ),
      ),
    );
  },

  /**
   * The switch by which an area may have several parts; shown once somebody asked for it.
   * @param {boolean} on @param {() => void} toggle @param {string} [words] what else was asked for, by such a switch @param {string} [key]
   */
  parts(on, toggle, words = t("parts.allowed"), key = "parts") {
    if (!on) return null;
    const box = el("input", { type: "checkbox", checked: true, "data-key": key, onchange: toggle });
    return el("section", { class: "sec" }, el("label", { class: "check" }, box, words));
  },

  /**
   * Where the figures stand in the norm.
   * @param {{min: number | null, max: number | null} | null | undefined} own
   * @param {Array<{letter: string, side: string, after: object}>} pieces
   * @param {{right?: Node | null, old?: number | null}} [more]
   */
  norm(own, pieces, { right = null, old = null } = {}) {
    if (!own || (own.min === null && own.max === null)) return null;
    const now = pieces
      .filter((piece) => typeof piece.after?.households === "number")
      .map((piece) => ({ letter: piece.letter, side: piece.side, value: piece.after.households }));
    return section(t("card.norm", { range: `${own.min ?? ""}–${own.max ?? ""}` }), right, normStrip(own, { old, now }));
  },

  /** What was checked, and whether it may be saved. @param {object | null} answer of the preview */
  checks(answer, see) {
    if (!answer) return { node: null, ready: false };
    places.meet(answer.changed);
    const same = ["households", "population"].every((key) => answer.totals_before[key] === answer.totals_after[key]);
    const cut = answer.findings.some((finding) => finding.kind === "building-cut");
    const holds = [same ? t("check.conserved") : t("check.clean"), cut || !boot.map.has.buildings ? null : t("check.no-building")];
    const estimated = answer.changed.some((area) => area.after?.estimated && !area.before?.estimated) ? [{ kind: "estimated" }] : [];
    const { list, errors, told } = findingsList([...answer.findings, ...noticed(answer), ...estimated], { holds: holds.filter(Boolean), onPlace: see });
    return { node: section(t("check.title"), told, list), ready: !errors };
  },

  /**
   * @param {string} op names the text of the button: preview.save-<op>
   * @param {boolean} ready whether it may be saved
   * @param {{cancel: () => void, save: () => void}} verbs
   * @param {string | null} [note]
   */
  actions(op, ready, verbs, note = t("preview.note")) {
    return el(
      "div",
      { class: "act" },
      el("button", { class: "btn", type: "button", onclick: verbs.cancel, "data-key": "cancel" }, t("act.cancel"), el("kbd", {}, "Esc")),
      el(
        "button",
        { class: "btn pri", type: "button", onclick: ready ? verbs.save : null, "data-key": "save", "aria-disabled": ready ? null : "true" },
        t(`preview.save-${op}`),
        el("kbd", {}, "Enter"),
      ),
      note ? el("p", { class: "note" }, note) : null,
    );
  },
};
