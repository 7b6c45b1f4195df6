// What a colleague is called: role and letter, never a name: "规划员乙", "Planner B".
import { boot } from "./boot.js";
import { t } from "./i18n.js";

const LETTERS = boot.lang === "zh" ? "甲乙丙丁戊己庚辛壬癸" : "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DRAWS = ["split", "merge", "reshape", "vertex", "divide", "brush", "halve", "lattice", "zone", "subdivide", "facts"];

const letter = (one) => LETTERS[one.letter] ?? String(one.letter + 1);
const full = (one) => t("peer.name", { role: t(`role.${one.role}`), letter: letter(one) });

const draws = (one) => DRAWS.includes(one.tool);

export const peerName = {
  letter,
  full,
  /** Whether a tool that changes something is in the hand. */
  draws,
  /** "规划员乙 正在拆分"; only the name while no tool is in the hand. */
  doing(one) {
    const key = `tool.${one.tool}`,
      tool = t(key);
    return draws(one) && tool !== key ? t("peer.doing", { who: full(one), tool }) : full(one);
  },
};
