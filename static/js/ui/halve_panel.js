// Cutting in two before it is saved: which of the cuts, what it follows, both sides with their figures, the checks.
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { halve } from "../edit/operations/halve.js";
import { borderPanel } from "./border_panel.js";
import { el } from "./dom.js";
import { figureSections } from "./figure_sections.js";

const { section } = figureSections;

function lead(mode) {
  if (!mode.area) return section(null, null, el("p", { class: "hint" }, t("halve.pick")));
  const { answer } = mode;
  const told = answer ? halve.border(answer) : null;
  return section(
    t("halve.which"),
    null,
    el(
      "div",
      { class: "seg", role: "radiogroup", "aria-label": t("halve.which") },
      halve.SEEDS.map((seed) =>
        el(
          "button",
          {
            class: "tg",
            type: "button",
            role: "radio",
            "aria-checked": String(seed === mode.seed),
            "data-key": `cut ${seed}`,
            onclick: () => mode.choose(seed),
          },
          t(`halve.cut-${seed + 1}`),
          " ",
          el("kbd", {}, String(seed + 1)),
        ),
      ),
    ),
    told
      ? el(
          "p",
          { class: "hint" },
          [
            told.follows ? t("halve.follows", { what: told.follows }) : null,
            t("divide.border", { what: format.length(answer.line_m) }),
            told.along === null ? null : t("divide.along", { n: told.along }),
            t("divide.cut", { n: told.cut }),
          ]
            .filter(Boolean)
            .join(" · "),
        )
      : mode.refusal
        ? null
        : el("p", { class: "hint" }, t("divide.busy")),
  );
}

/** @param {import("../edit/modes/halve_mode.js").HalveMode} mode @param {object} verbs */
export function halvePanel(mode, verbs) {
  const { answer, refusal } = mode;
  borderPanel("halve", { answer, pieces: answer ? halve.pieces(answer) : [], refusal, lead: lead(mode), unsaved: Boolean(answer) }, verbs);
}
