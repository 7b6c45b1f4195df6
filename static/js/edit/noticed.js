// What a planner should notice in the areas an edit would make: too few households, too many, a shape that is all border.
import { places } from "../ui/places.js";
import { plane } from "./plane.js";

const LEAST_COMPACT = 0.2; // 4 pi x area / border^2: a circle has 1, a square 0.79, a strip of 1 to 15 0.18

/** 4 pi x area / border^2 of a shape, in a plane around it. @param {number[][][][]} polygons */
function compactness(polygons) {
  const k = plane.metres(polygons[0][0][0][1]);
  let ground = 0,
    border = 0;
  for (const rings of polygons)
    rings.forEach((ring, hole) => {
      let twice = 0;
      for (let i = 1; i < ring.length; i++) {
        const [ax, ay, bx, by] = [ring[i - 1][0] - ring[0][0], ring[i - 1][1] - ring[0][1], ring[i][0] - ring[0][0], ring[i][1] - ring[0][1]];
        twice += (ax * by - bx * ay) * k[0] * k[1];
        border += Math.hypot((bx - ax) * k[0], (by - ay) * k[1]);
      }
      ground += ((hole ? -1 : 1) * Math.abs(twice)) / 2;
    });
  return (4 * Math.PI * ground) / border ** 2;
}

/** @param {object} answer of the preview @returns {object[]} findings with their place, as ui/findings_list.js shows them */
export function noticed(answer) {
  const told = answer.findings.some((finding) => finding.kind === "not-compact");
  const homes = answer.op !== "lattice"; // units of stalls are not measured by households
  return answer.changed
    .filter((area) => !area.retired && area.geometry)
    .flatMap((area) => {
      const polygons = area.geometry.type === "Polygon" ? [area.geometry.coordinates] : area.geometry.coordinates;
      const { norm, households } = area.after ?? {};
      const at = { what: places.short({ name: area.name, code: area.next_code ?? area.code }), where: plane.inner(polygons) };
      return [
        homes && norm?.verdict === "under" ? { kind: "piece-under", code: String(norm.min - households), ...at } : null,
        homes && norm?.verdict === "over" ? { kind: "piece-over", code: String(households - norm.max), ...at } : null,
        !told && compactness(polygons) < LEAST_COMPACT ? { kind: "piece-thin", ...at } : null,
      ].filter(Boolean);
    });
}
