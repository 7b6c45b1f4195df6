// Cutting in two where it hurts least: what is asked of the server, and how its answer is put in words.
import { split } from "./split.js";

export const halve = {
  /** The best cut, and the next best ones. */
  SEEDS: [0, 1, 2],
  /** findings that the panel tells in words of its own */
  SAID: ["follows", "along-roads"],

  /** @param {object} area as the API shows it @returns {object} the form of POST /api/edits */
  form: (area, seed) => ({ op: "halve", targets: [area.code], seed, versions: { [area.code]: area.version } }),

  /** @param {object} answer of a preview */
  pieces: (answer) => split.pieces(answer),

  /** What the border runs along by name, its share along roads in per cent, buildings it cuts. */
  border(answer) {
    const finding = (kind) => answer.findings.find((one) => one.kind === kind);
    return {
      follows: finding("follows")?.code ?? null,
      along: finding("along-roads")?.count ?? null,
      cut: Number(finding("building-cut")?.code ?? 0),
    };
  },
};
