// No tool in hand: a click shows an area, Shift adds, a double click goes one level in; hovering tells in one line.
import { t } from "../../data/i18n.js";
import { named } from "../../data/named.js";
import { boot } from "../../data/boot.js";
import { page } from "../../data/page.js";
import { posts } from "../../data/posts.js";
import { el } from "../../ui/dom.js";
import { figureText } from "../../ui/figure_text.js";
import { places } from "../../ui/places.js";
import { tip } from "../../ui/tip.js";

const HOVER_MS = 150;

/** Figures are told for the areas of the account only; others are borders and codes, nothing more. */
function outside(area) {
  const { legend } = page;
  return Boolean(legend) && legend.level === area.level && !legend.metric.sensitive && !legend.of.has(area.fid);
}

/** Verbs of a mode: enter, leave, press, hover, double, key, escape. */
export class SelectMode {
  cursor = "picks";
  #timer = null;

  /** @param {import("../desk.js").Desk} desk */
  constructor(desk) {
    this.desk = desk;
    // what was under the pointer is elsewhere now
    desk.canvas.gl.on("movestart", () => page.tool === "select" && this.out());
  }

  enter() {}

  leave() {
    clearTimeout(this.#timer);
    this.desk.host.classList.remove("refuses");
    tip.hide();
  }

  press({ area, point, shift }) {
    const post = shift ? null : this.desk.posts.at(point);
    if (post) return this.desk.tell.post(post.id);
    const badge = shift ? null : this.desk.canvas.badgeAt(point);
    if (badge) return this.desk.tell.zone(badge.id);
    const found = area();
    if (!found) return page.set({ selection: [] });
    if (outside(found)) {
      tip.move(point);
      tip.show([el("div", { class: "x" }, t("why.outside", { name: places.title(found) }))], "quiet");
      return undefined;
    }
    const there = page.selection.some((entry) => entry.fid === found.fid);
    if (shift)
      return page.set({
        selection: there ? page.selection.filter((entry) => entry.fid !== found.fid) : [...page.selection, found],
      });
    return page.set({ selection: [found] });
  }

  double({ area }) {
    const found = area();
    if (found) this.desk.tell.into(found);
  }

  hover({ area, zone, point }) {
    clearTimeout(this.#timer);
    tip.hide();
    tip.move(point);
    this.#timer = setTimeout(() => {
      const post = this.desk.posts.at(point);
      if (post) {
        tip.show([el("div", { class: "x" }, `${posts.name(post)} · ${posts.words(post)}`)], "quiet");
        return;
      }
      const found = area();
      this.desk.host.classList.toggle("refuses", Boolean(found) && outside(found));
      if (!found) return;
      if (outside(found)) {
        tip.show([el("div", { class: "x" }, t("why.outside", { name: places.title(found) }))], "quiet");
        return;
      }
      const law = zone();
      const words = [
        places.title(found),
        figureText.shown(page.legend, found.fid),
        law ? `${named(boot.zone_kinds, law.kind)}${law.status === "proposed" ? ` ${t("zone.proposed")}` : ""}` : null,
      ];
      tip.show([el("div", { class: "x" }, words.filter(Boolean).join(" · "))], "quiet");
    }, HOVER_MS);
  }

  out() {
    clearTimeout(this.#timer);
    tip.hide();
  }

  /** Enter goes from the chosen area to its card. */
  key(event) {
    if (event.key !== "Enter" || !page.selection.length) return false;
    document.getElementById("side").focus();
    return true;
  }

  escape() {
    if (page.selection.length) {
      page.set({ selection: [] });
      return true;
    }
    return this.desk.tell.outward();
  }
}
