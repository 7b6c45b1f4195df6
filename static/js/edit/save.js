// Saving what was drawn: waits while the line is cut, asks when somebody else was first, keeps the drawing on any
// error.
import { api } from "../data/api.js";
import { boot } from "../data/boot.js";
import { t } from "../data/i18n.js";
import { conflictCard } from "../ui/conflict_card.js";
import { el } from "../ui/dom.js";
import { say } from "../ui/say.js";
import { side } from "../ui/side.js";
import { tip } from "../ui/tip.js";

let going = null; // the save on its way: who presses again means the same one

/** The save that is on its way, until what follows from it has begun; null when there is none. @returns {Promise<void> | null} */
export const saving = () => going;

/** Whether what was drawn waits for a decision: whose line shall stand, or whether to try again. */
export const undecided = () => side.asks && ["conflict", "trouble"].includes(side.shown);

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
      el("button", { class: "btn", type: "button", onclick: decided(leave), "data-escape": true }, t("act.cancel")),
      el("button", { class: "btn pri", type: "button", onclick: decided(again), "data-key": "again" }, t("act.again")),
    ),
  });
  say.now(error.text);
}

/** Both lines on the map: mine stays as drawn, theirs is dashed, what they took away is thin. */
function showLines(desk, told) {
  const feature = (kind, geometry) => (geometry ? [{ type: "Feature", properties: { kind }, geometry }] : []);
  desk.canvas.show("outline", [...feature("peer", told.lines), ...feature("gone", told.gone)]);
}

function boundsOf(...geometries) {
  const flat = geometries.flatMap((geometry) => geometry?.coordinates.flat() ?? []);
  const [x, y] = [flat.map((place) => place[0]), flat.map((place) => place[1])];
  return flat.length ? [Math.min(...x), Math.min(...y), Math.max(...x), Math.max(...y)] : null;
}

/** Somebody cut the same ground: theirs (nothing is lost by Enter), mine instead, or go on drawing upon theirs. */
async function settle(form, told, verbs) {
  const { desk } = verbs;
  const leave = (verb) => async () => {
    desk.canvas.show("outline", []);
    desk.coverage.forget();
    await desk.shapes();
    verb();
  };
  const instead = { ...form, instead_of: told.edits.map((edit) => edit.rev) };
  const card = conflictCard(told, {
    theirs: leave(verbs.onDropped),
    mine: leave(() => save(instead, verbs)),
    goOn: leave(verbs.onStay),
    see: () => desk.canvas.goTo({ bounds: boundsOf(told.lines, told.gone, form.line) }),
  });
  desk.canvas.show("preview", []); // numbers of a ground that is no more
  tip.hide();
  showLines(desk, told);
  const mine = await api.post(boot.urls.preview, { body: instead }).catch((error) => ({ error }));
  if (side.shown === "conflict") card.mine(mine.changed ?? null, mine.error?.text ?? null);
}

async function failed(error, form, verbs) {
  if (error.code === "stale") return settle(form, error.body, verbs);
  if (error.status === 422 || error.status === 403 || error.status === 404) return verbs.onRefused(error);
  trouble(error, { again: () => save(form, verbs), leave: verbs.onStay });
  if (error.code !== "offline") return undefined;
  const back = () => {
    if (side.shown !== "trouble" || !side.asks) return;
    side.release();
    save(form, verbs);
  };
  return addEventListener("weige:back", back, { once: true });
}

/**
 * @param {object} form as POST /api/edits takes it
 * @param {{desk: import("./desk.js").Desk, onSaved: (answer: object) => void, onDropped: () => void, onStay: () =>
 *   void, onRefused: (error: Error) => void}} verbs
 */
export async function save(form, verbs) {
  if (going) return;
  const asked = api.post(boot.urls.edits, { body: form }).then((answer) => ({ answer }), (error) => ({ error }));
  going = asked.then(({ answer }) => answer && verbs.onSaved(answer));
  const { error } = await asked;
  going = null;
  if (error) await failed(error, form, verbs);
}
