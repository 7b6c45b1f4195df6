// The posts as the map shows them, which one is chosen, and one that hangs at the pointer while it is moved.
import { posts } from "../data/posts.js";
import { page } from "../data/page.js";

const REACH_PX = 16;

/** Owns the source of the posts. Verbs: choose, carry, at. */
export class Posts {
  #chosen = null;
  #carried = null;

  /** @param {import("./canvas.js").Canvas} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    page.on("posts", () => this.draw());
  }

  /** @param {number | null} id of the post whose card is open */
  choose(id) {
    this.#chosen = id;
    this.draw();
  }

  /** @param {number | null} id of the post in the hand @param {[number, number]} [place] where it hangs */
  carry(id, place) {
    this.#carried = id === null ? null : { id, place };
    this.draw();
  }

  draw() {
    this.canvas.show(
      "posts",
      page.posts.map((post) => ({
        type: "Feature",
        id: post.id,
        properties: {
          id: post.id,
          state: post.state,
          chosen: post.id === this.#chosen,
          label: post.state === "short" ? `${post.present}/${post.required}` : "",
        },
        geometry: { type: "Point", coordinates: post.id === this.#carried?.id ? this.#carried.place : post.point },
      })),
    );
  }

  /** @param {{x: number, y: number}} point a pixel @returns {object | null} the post there, the nearest of several */
  at({ x, y }) {
    if (page.hidden.has("posts")) return null;
    let near = REACH_PX,
      found = null;
    const { width, height } = this.canvas.gl.getCanvas().getBoundingClientRect();
    if (x < -REACH_PX || y < -REACH_PX || x > width + REACH_PX || y > height + REACH_PX) return null;
    for (const post of page.posts) {
      const pixel = this.canvas.gl.project(post.point);
      const far = Math.max(Math.abs(pixel.x - x), Math.abs(pixel.y - y));
      if (far < near) {
        near = far;
        found = post;
      }
    }
    return found && posts.of(found.id);
  }
}
