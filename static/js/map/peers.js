// Where colleagues draw: a violet dashed outline around the area in their hands, and what they are called.
import { peerName } from "../data/peer_name.js";

/** Owns the feature-state `peer` of the areas and the source of their labels. Verbs: show. */
export class Peers {
  #marked = [];

  /** @param {import("./canvas.js").Canvas} canvas */
  constructor(canvas) {
    this.canvas = canvas;
  }

  /** @param {object[]} who as the event `presence` tells it, without oneself */
  show(who) {
    const placed = who.filter((one) => one.area && peerName.draws(one)); // who only looks is shown in the top bar
    const fids = [...new Set(placed.map((one) => one.area.fid))];
    const set = (fid, peer) =>
      this.canvas.gl.setFeatureState({ source: "areas", sourceLayer: "areas", id: fid }, { peer });
    for (const fid of this.#marked) if (!fids.includes(fid)) set(fid, false);
    for (const fid of fids) if (!this.#marked.includes(fid)) set(fid, true);
    this.#marked = fids;
    this.canvas.show(
      "peers",
      fids.map((fid) => {
        const here = placed.filter((one) => one.area.fid === fid);
        return {
          type: "Feature",
          properties: { text: here.map(peerName.doing).join("\n") },
          geometry: { type: "Point", coordinates: here[0].area.where },
        };
      }),
    );
  }
}
