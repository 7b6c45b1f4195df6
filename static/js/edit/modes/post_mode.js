// The tool Post: a click places one, dragging moves one; with the keyboard the cross-hair takes it up and puts it down.
import { api } from "../../data/api.js";
import { boot } from "../../data/boot.js";
import { t } from "../../data/i18n.js";
import { posts } from "../../data/posts.js";
import { el } from "../../ui/dom.js";
import { icon } from "../../ui/icon.js";
import { say } from "../../ui/say.js";
import { tip } from "../../ui/tip.js";
import { toast } from "../../ui/toast.js";
import { Draft } from "../draft.js";
import { draftFeatures } from "../draft_view.js";

const MOVED_PX = 4,
  NEAR_PX = [36, 110], // as far off areas are offered as served, the nearer first
  AROUND = 12; // directions in which they are looked for

/** Owns the post being placed and the one being moved. */
export class PostMode {
  cursor = "draws";
  snaps = true;
  draft = new Draft();
  #held = null; // {post, from, place, moved, byKey}
  #pressed = false; // a pointer went down: what follows is no key
  #swallow = false; // the click that ends a drag places nothing
  #touch = {
    touchstart: (event) => this.#touched(event),
    touchmove: (event) => this.#held && this.#follow(event.lngLat, event.point),
    touchend: () => this.#dropHeld(),
    touchcancel: () => this.#letGo(),
  };

  /** @param {import("../desk.js").Desk} desk */
  constructor(desk) {
    this.desk = desk;
  }

  enter() {
    for (const [name, heard] of Object.entries(this.#touch)) this.desk.canvas.gl.on(name, heard);
  }

  leave() {
    for (const [name, heard] of Object.entries(this.#touch)) this.desk.canvas.gl.off(name, heard);
    this.#letGo();
    this.drop();
    this.desk.tell.card();
  }

  press(stop) {
    const byKey = !this.#pressed;
    this.#pressed = false;
    tip.move(stop.point);
    if (this.#swallow) {
      this.#swallow = false;
      return;
    }
    if (this.#held?.byKey) {
      this.#held.place = stop.place;
      this.#held.moved = true;
      this.#dropHeld();
      return;
    }
    const there = this.desk.posts.at(stop.point);
    if (there && byKey && this.draft.empty && boot.account.can.edit_facts) {
      this.#held = { post: there, from: stop.point, place: there.point, moved: false, byKey: true };
      this.#tell(stop);
      say.politely(t("post.taken", { name: posts.name(there) }));
      return;
    }
    if (there && this.draft.empty) {
      this.desk.tell.post(there.id);
      return;
    }
    this.draft.points = [{ ...stop, kind: null }];
    this.draft.closed = true;
    this.#show();
    this.#tell(stop);
    this.desk.tell.placing({ point: stop.place, areas: this.#near(stop) });
    say.politely(t("post.placed"));
  }

  down(stop, event) {
    this.#pressed = true;
    if (event.originalEvent.button !== 0 || !boot.account.can.edit_facts || !this.draft.empty) return;
    const post = this.desk.posts.at(stop.point);
    if (!post) return;
    event.preventDefault(); // the map stays where it is
    this.#held = { post, from: stop.point, place: post.point, moved: false, byKey: false };
    this.drop();
  }

  up() {
    if (this.#held && !this.#held.byKey) this.#dropHeld();
  }

  hover(stop) {
    if (this.#held) {
      this.#follow({ lng: stop.place[0], lat: stop.place[1] }, stop.point);
      this.#tell(stop);
      return;
    }
    if (this.draft.empty) this.draft.hover = stop;
    this.#show();
    this.#tell(stop);
  }

  double() {}

  key(event) {
    if (event.key === "Enter" && !this.draft.empty) {
      this.desk.tell.placed();
      return true;
    }
    if (event.key === "Backspace" && !this.draft.empty) {
      this.drop();
      this.desk.tell.card();
      return true;
    }
    return false;
  }

  escape() {
    if (this.#held) {
      this.#letGo();
      return true;
    }
    if (this.draft.empty) return false;
    this.drop();
    this.desk.tell.card();
    return true;
  }

  /** Nothing is being placed any more. */
  drop() {
    this.draft.clear();
    this.desk.canvas.show("draft", []);
    tip.hide();
  }

  #show() {
    this.desk.canvas.show("draft", draftFeatures(this.draft));
  }

  #tell(stop) {
    const post = this.#held?.post ?? (this.draft.empty ? this.desk.posts.at(stop.point) : null);
    const snapped = stop.kind ? t(`snap.to-${stop.kind}`) : null;
    const lines = post
      ? [posts.name(post), [posts.words(post), t(this.#held ? "post.put-down" : "post.drag")].join(" · ")]
      : [t(this.draft.empty ? "post.begin" : "post.elsewhere"), snapped];
    tip.show(
      [
        el("div", { class: "r n" }, post ? icon(posts.look(post).icon, "s") : null, lines[0]),
        lines[1] ? el("div", { class: "x" }, lines[1]) : null,
      ],
      post ? "" : "quiet",
    );
  }

  #touched(event) {
    this.#pressed = true;
    if (event.points.length > 1 || !boot.account.can.edit_facts || !this.draft.empty) return this.#letGo();
    const post = this.desk.posts.at(event.point);
    if (!post) return undefined;
    event.preventDefault();
    this.#held = { post, from: event.point, place: post.point, moved: false, byKey: false };
    return undefined;
  }

  #follow({ lng, lat }, point) {
    const held = this.#held;
    held.moved ||= Math.hypot(point.x - held.from.x, point.y - held.from.y) > MOVED_PX;
    if (!held.moved) return;
    held.place = [lng, lat];
    this.desk.posts.carry(held.post.id, held.place);
  }

  #letGo() {
    if (!this.#held) return;
    this.#held = null;
    this.desk.posts.carry(null);
    tip.hide();
  }

  async #dropHeld() {
    const held = this.#held;
    this.#held = null;
    if (!held) return;
    if (!held.moved) {
      if (held.byKey) this.desk.posts.carry(null);
      return;
    }
    this.#swallow = !held.byKey;
    setTimeout(() => {
      this.#swallow = false;
    }, 50);
    tip.hide();
    try {
      const told = await api.patch(boot.urls.post, {
        path: { id: held.post.id },
        body: { version: held.post.version, point: held.place },
      });
      posts.put(told.id, told);
      this.desk.posts.carry(null);
      this.desk.tell.moved(told);
    } catch (error) {
      this.desk.posts.carry(null);
      posts.load();
      toast(error.text, { kind: "bad" });
    }
  }

  /** The areas around a new post, the one it stands in first. */
  #near({ point, area }) {
    const found = [area()];
    for (const far of NEAR_PX)
      for (let k = 0; k < AROUND; k++) {
        const turn = (k * 2 * Math.PI) / AROUND;
        found.push(this.desk.canvas.areaAt([point.x + far * Math.cos(turn), point.y + far * Math.sin(turn)]));
      }
    return [...new Map(found.filter(Boolean).map((entry) => [entry.code, entry])).values()];
  }
}
