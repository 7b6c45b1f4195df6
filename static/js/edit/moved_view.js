// Shows on the map what a drawing would give: the areas as they would be, lettered, with their households.
import { figureText } from "../ui/figure_text.js";
import { plane } from "./plane.js";

const LETTERED = "ABC";
const BADGE = /^([a-c](-[A-L])?|none|new)$/; // those there are, see map/images.js
const words = (piece) => piece.text ?? figureText.households(piece.after?.households);
const inner = ({ geometry }) => plane.inner(geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates);

/** Owns the preview on the map and which labels it stands in for. Verbs: show, clear. */
export class MovedView {
  #hidden = [];

  /** @param {import("../map/canvas.js").Canvas} canvas */
  constructor(canvas) {
    this.canvas = canvas;
  }

  /**
   * @param {Array<{fid: number, side: string, fill?: string, letter?: string, badge?: string, text?: string, geometry: object,
   *   after: object, at?: [number, number]}>} pieces `fill`: of its ground, else as its side; `badge`: how its label looks, else
   *   as its letter
   * @param {Array<{fid: number}>} [gone] areas that lose their label too
   */
  show(pieces, gone = []) {
    this.canvas.show(
      "preview",
      pieces.flatMap((piece) => [
        { type: "Feature", properties: { kind: "piece", side: piece.fill ?? piece.side }, geometry: piece.geometry },
        {
          type: "Feature",
          properties: {
            kind: "label",
            side: BADGE.test(piece.badge ?? "a") ? (piece.badge ?? (LETTERED.includes(piece.letter) ? piece.side : "none")) : "none",
            text: BADGE.test(piece.badge ?? "a") ? words(piece) : `${piece.letter}  ${words(piece)}`,
          },
          geometry: { type: "Point", coordinates: piece.at ?? inner(piece) },
        },
      ]),
    );
    const fids = [...pieces, ...gone].map((piece) => piece.fid).filter((fid) => fid > 0); // new ones have no label yet
    this.#hide([...new Set([...fids, ...this.#under(pieces)])]);
  }

  clear() {
    this.canvas.show("preview", []);
    this.#hide([]);
  }

  /** Areas in view, of whatever level, whose label would lie over the pieces: of the parent of what is divided, say. */
  #under(pieces) {
    const polygons = pieces.map(({ geometry }) => (geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates));
    return this.canvas
      .labels()
      .filter(({ at }) => polygons.some((parts) => plane.inside(at, parts)))
      .map(({ fid }) => fid);
  }

  #hide(fids) {
    const label = (fid, hide) =>
      this.canvas.gl.setFeatureState({ source: "areas", sourceLayer: "areas_label", id: fid }, { hide });
    for (const fid of this.#hidden) if (!fids.includes(fid)) label(fid, false);
    for (const fid of fids) if (!this.#hidden.includes(fid)) label(fid, true);
    this.#hidden = fids;
  }
}
