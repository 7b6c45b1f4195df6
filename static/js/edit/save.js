// Saving what was drawn: waits while the line is cut, asks when somebody else was first, keeps the drawing on any
// error.
import { api } from "../data/api.js";
import { boot } from "../data/boot.js";
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { el } from "../ui/dom.js";
import { say } from "../ui/say.js";
import { side } from "../ui/side.js";

/** The card that says what went wrong; the drawn line stays. */
function trouble(error, { again, leave }) {
  const details = JSON.stringify({ code: error.code, status: error.status, ...error.body }, null, 1);
  const offline = error.code === "offline";
  const decided = (verb) => () => {
    side.release();
    verb();
  };
  side.show("trouble", {
    asks: true,
    title: t(offline ? "save.waits" : "save.failed"),
    chip: el("span", { class: `chip ${offline ? "warn" : "bad"}` }, t("preview.unsaved")),
    body: [
      el(
        "section",
        { class: "sec" },
        el(
          "div",
          { class: `trouble ${offline ? "waits" : ""}` },
          el("span", {}, error.text, error.code && !offline ? ` (${error.code})` : ""),
          el(
            "div",
            { class: "r" },
            offline
              ? null
              : el(
                  "button",
                  {
                    class: "btn",
                    type: "button",
                    onclick: (event) => {
                      navigator.clipboard?.writeText(details);
                      event.currentTarget.textContent = t("save.copied");
                    },
                  },
                  t("save.copy"),
                ),
          ),
        ),
      ),
    ],
    actions: el(
      "div",
      { class: "act" },
      el("button", { class: "btn", type: "button", onclick: decided(leave) }, t("act.cancel")),
      el("button", { class: "btn pri", type: "button", onclick: decided(again), "data-key": "again" }, t("act.again")),
    ),
  });
  say.now(error.text);
}

/** Somebody changed the same areas: theirs (nothing is lost by Enter), mine, or go on drawing upon theirs. */
function conflict(error, { theirs, mine, goOn }) {
  const verbs = { theirs, mine, goOn };
  let chosen = "theirs";
  const choice = (key) =>
    el(
      "label",
      {},
      el("input", {
        type: "radio",
        name: "conflict",
        value: key,
        checked: key === chosen,
        onchange: () => {
          chosen = key;
        },
      }),
      el("span", {}, t(`conflict.${key}`)),
    );
  const who = error.body.actor ?? t("conflict.somebody"),
    when = error.body.at ? format.time(error.body.at) : "";
  side.show("conflict", {
    asks: true,
    title: t("conflict.title"),
    chip: el("span", { class: "chip warn" }, t("preview.unsaved")),
    sub: (error.body.areas ?? []).map((area) => area.code ?? area).join("  "),
    body: [
      el(
        "section",
        { class: "sec" },
        el("p", {}, t("conflict.what", { who, when }).trim()),
        el(
          "p",
          { class: "hint" },
          el("svg", { class: "sw-line mine", viewBox: "0 0 28 8" }, el("path", { d: "M0 4h28", "stroke-width": 3 })),
          " ",
          t("conflict.my-line"),
          "  ",
          el(
            "svg",
            { class: "sw-line theirs", viewBox: "0 0 28 8" },
            el("path", { d: "M0 4h28", "stroke-width": 2, "stroke-dasharray": "5 3" }),
          ),
          " ",
          t("conflict.their-line"),
        ),
      ),
      el(
        "section",
        { class: "sec conflict", role: "radiogroup", "aria-label": t("conflict.title") },
        ["theirs", "mine", "goOn"].map(choice),
      ),
    ],
    actions: el(
      "div",
      { class: "act" },
      el(
        "button",
        {
          class: "btn pri",
          type: "button",
          "data-key": "conflict-ok",
          onclick: () => {
            side.release();
            verbs[chosen]();
          },
        },
        t("act.ok"),
        el("kbd", {}, "Enter"),
      ),
    ),
  });
  document.querySelector("[data-key=conflict-ok]")?.focus();
  say.now(t("conflict.what", { who, when }));
}

/**
 * @param {object} form as POST /api/edits takes it
 * @param {{desk: import("./desk.js").Desk, onSaved: (answer: object) => void, onDropped: () => void, onStay: () =>
 *   void, onRefused: (error: Error) => void}} verbs
 */
export async function save(form, verbs) {
  const { desk } = verbs;
  try {
    const answer = await api.post(boot.urls.edits, { body: form });
    verbs.onSaved(answer);
  } catch (error) {
    if (error.code === "stale") {
      const codes = (error.body.areas ?? []).map((area) => area.code ?? area);
      desk.coverage.forget();
      await desk.shapes();
      const now = codes.map((code) => desk.coverage.byCode(code)).filter(Boolean);
      desk.canvas.show(
        "outline",
        now.map((area) => ({
          type: "Feature",
          properties: { kind: "peer" },
          geometry: { type: "MultiPolygon", coordinates: area.polygons },
        })),
      );
      const versions = { ...form.versions, ...Object.fromEntries(now.map((area) => [area.code, area.version])) };
      const leave = (verb) => () => {
        desk.canvas.show("outline", []);
        verb();
      };
      conflict(error, {
        theirs: leave(verbs.onDropped),
        mine: leave(() => save({ ...form, versions }, verbs)),
        goOn: leave(verbs.onStay),
      });
    } else if (error.status === 422 || error.status === 403 || error.status === 404) {
      verbs.onRefused(error);
    } else {
      trouble(error, { again: () => save(form, verbs), leave: verbs.onStay });
      if (error.code === "offline")
        addEventListener(
          "weige:back",
          () => {
            if (side.shown === "trouble" && side.asks) {
              side.release();
              save(form, verbs);
            }
          },
          { once: true },
        );
    }
  }
}
