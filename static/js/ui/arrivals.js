// What somebody else's edit does to the panel and the drawing: the card of that ground is read anew; who draws there gets
// a hint and keeps the drawing, saving asks again.
import { t } from "../data/i18n.js";
import { page } from "../data/page.js";
import { toast } from "./toast.js";

const meets = (a, b) => a[0] <= b[2] && b[0] <= a[2] && a[1] <= b[3] && b[1] <= a[3];

/** Bounds of what is in the hand: the line drawn and the areas chosen, as far as their shapes are known; null = nothing. */
function inHand(desk) {
  const line = desk.mode?.draft?.line?.() ?? [];
  const chosen = page.selection.map((area) => desk.coverage.byCode(area.code)?.bounds).filter(Boolean);
  const boxes = [...line.map(([x, y]) => [x, y, x, y]), ...chosen];
  if (!boxes.length) return null;
  return [0, 1, 2, 3].map((i) => Math[i < 2 ? "min" : "max"](...boxes.map((box) => box[i])));
}

/** @param {object[]} edits of others */
export function arrived(edits, { desk, cards }) {
  const drawing = Boolean(desk.mode?.draft && !desk.mode.draft.empty);
  const hand = inHand(desk);
  const chosen = page.selection.map((area) => area.fid);
  const touching = edits.filter(
    (edit) => edit.areas.some((fid) => chosen.includes(fid)) || (hand && (!edit.bounds || meets(edit.bounds, hand))),
  );
  if (drawing || page.tool === "merge" || page.tool === "zone") {
    if (touching.length) {
      const [{ by }] = touching;
      toast(t("live.touched", { who: by ? t(`role.${by}`) : t("conflict.somebody") }), { kind: "info" });
    }
  } else if (edits.some((edit) => edit.layers.includes("areas"))) {
    desk.coverage.forget();
    if (desk.mode?.snaps) desk.shapes();
  }
  cards.renewed(edits);
}
