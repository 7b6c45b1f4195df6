// Which card of a post stands at the side: the post, its form, or the form of a new one; and what its buttons do.
import { api } from "../data/api.js";
import { boot } from "../data/boot.js";
import { t } from "../data/i18n.js";
import { posts } from "../data/posts.js";
import { page } from "../data/page.js";
import { el } from "./dom.js";
import { showPostCard } from "./post_card.js";
import { postForm } from "./post_form.js";
import { side } from "./side.js";
import { toast } from "./toast.js";

/** Owns the card of a post. Verbs: show, place, save, moved, shut. */
export class PostCards {
  #id = null;
  #form = null;
  #place = null;
  #told = null;

  /**
   * @param {import("../map/posts.js").Posts} map
   * @param {{undo: () => void, saved: () => void, shut: () => void, go: (place: object) => void, staff: (area: object) => void, drop: () => void}} verbs
   *   saved: something was written; shut: another card may stand there; drop: nothing is being placed any more
   */
  constructor(map, verbs) {
    Object.assign(this, { map, verbs });
    page.on("posts", () => this.#again());
    const leave = () => {
      if (!this.open) return;
      this.#forget();
      this.verbs.shut();
    };
    page.on("tool", leave);
    page.on("selection", () => page.selection.length && leave());
  }

  /** Whether the card or the form of a post stands at the side. */
  get open() {
    return this.#id !== null;
  }

  #forget() {
    if (this.#id === null) return;
    this.#id = null;
    this.map.choose(null);
  }

  #shut() {
    this.#forget();
    this.verbs.drop();
    this.verbs.shut();
  }

  /** What is shown changed, perhaps elsewhere; a form that is being filled in stays. */
  #again() {
    if (this.#id === null || side.shown !== `post ${this.#id}`) return;
    if (posts.of(this.#id)) this.#card();
    else this.#shut();
  }

  /** @param {number} id */
  show(id) {
    if (page.selection.length) page.set({ selection: [] });
    this.#id = id;
    this.#told = null;
    this.map.choose(id);
    this.#card();
    return this.#read();
  }

  async #read() {
    const id = this.#id;
    const [told, crew] = await Promise.all([
      api.get(boot.urls.post_card, { path: { id } }).catch((error) => {
        toast(error.text, { kind: "bad" });
        return null;
      }),
      api.get(boot.urls.layer, { path: { layer: "staff" }, query: { post: id } }).catch(() => null),
    ]);
    if (!told || id !== this.#id || side.shown !== `post ${id}`) return;
    this.#told = { ...told, staff: crew?.staff ?? [] };
    this.#card();
  }

  #card() {
    const post = posts.of(this.#id);
    if (!post) return;
    showPostCard(post, this.#told, {
      count: (present) => this.#count(post, present),
      edit: () => this.#edit(post),
      close: () => this.#change(post, { state: post.closed ? "open" : "closed" }),
      remove: () => this.#remove(post),
      go: () => this.verbs.go({ where: post.point }),
      shut: () => this.#shut(),
    });
  }

  async #count(post, present) {
    try {
      posts.put(post.id, await api.post(boot.urls.post_presence, { path: { id: post.id }, body: { present } }));
      this.#done("counted", post);
    } catch (error) {
      toast(error.text, { kind: "bad" });
    }
  }

  async #change(post, changes) {
    try {
      const told = await api.patch(boot.urls.post, { path: { id: post.id }, body: { version: post.version, ...changes } });
      posts.put(post.id, told);
      this.#done("changed", told);
    } catch (error) {
      toast(error.text, { kind: "bad" });
      posts.load();
    }
  }

  async #remove(post) {
    try {
      await api.delete(boot.urls.post, { path: { id: post.id }, query: { version: post.version, release: true } });
    } catch (error) {
      toast(error.text, { kind: "bad" });
      return;
    }
    this.#forget();
    posts.put(post.id, null);
    this.verbs.shut();
    this.#done("removed", post);
  }

  #edit(post) {
    this.#form = postForm(post, []);
    this.#place = null;
    this.#ask(`post form ${post.id}`, posts.name(post), () => this.show(post.id));
  }

  /** A new post was put down, or put elsewhere: what was typed stays. @param {{point: [number, number], areas: object[]}} place */
  place(place) {
    const again = this.#place !== null && side.shown === "post new";
    this.#forget();
    this.#place = place;
    if (again) return;
    if (page.selection.length) page.set({ selection: [] });
    this.#form = postForm(null, place.areas);
    this.#ask("post new", t("post.new"), () => this.#shut());
  }

  #ask(id, title, cancel) {
    side.show(id, {
      title,
      chip: el("span", { class: "chip edit" }, t("preview.unsaved")),
      body: [el("section", { class: "sec" }, this.#form.node)],
      actions: el(
        "div",
        { class: "act" },
        el("button", { class: "btn", type: "button", "data-key": "cancel", "data-escape": true, onclick: cancel }, t("act.cancel"), el("kbd", {}, "Esc")),
        el("button", { class: "btn pri", type: "button", "data-key": "save", "data-writes": true, onclick: () => this.save() }, t("post.save"), el("kbd", {}, "Enter")),
        el("p", { class: "note" }, t("post.note")),
      ),
      onShut: cancel,
    });
    this.#form.node.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.target.tagName !== "INPUT" || event.target.type === "checkbox") return;
      event.preventDefault();
      this.save();
    });
  }

  /** Sends the form that is open. */
  async save() {
    const form = this.#form,
      place = this.#place;
    if (!form || !side.shown?.startsWith("post ")) return;
    const values = form.values();
    const post = place ? null : posts.of(Number(side.shown.split(" ").at(-1)));
    try {
      const told = post
        ? await api.patch(boot.urls.post, { path: { id: post.id }, body: { version: post.version, ...values } })
        : await api.post(boot.urls.posts, { body: { point: place.point, ...values } });
      this.#form = null;
      this.#place = null;
      posts.put(told.id, told);
      this.verbs.drop();
      this.show(told.id);
      this.#done(post ? "changed" : "added", told);
    } catch (error) {
      form.refuse(error);
    }
  }

  /** One was dragged elsewhere. */
  moved(post) {
    if (this.#id === post.id) this.#read();
    this.#done("moved", post);
  }

  #done(what, post) {
    this.verbs.saved();
    toast(t(`post.${what}`, { name: posts.name(post) }), { action: t("undo.word"), onAction: this.verbs.undo });
  }
}
