// An edit in a few words, for undo buttons and histories: "拆分 04-05".
import { t } from "../data/i18n.js";
import { places } from "./places.js";

const CODES = 3;

/** Whether there are words for an operation of this name. */
const known = (op) => t(`op.${op.replaceAll(" ", "-")}`) !== `op.${op.replaceAll(" ", "-")}`;

/** "change buildings" -> the words for changing, and for buildings. */
function verb(op) {
  const key = `op.${op.replaceAll(" ", "-")}`,
    words = t(key);
  if (words !== key) return words;
  const [what, layer] = op.split(" ");
  return layer ? `${t(`op.${what}`)} ${t(`layer.${layer}`)}` : op;
}

export const editName = {
  verb,

  /** @param {{op: string, note?: string}} edit the note of an undo begins with the operation it took back */
  full(edit) {
    const words = edit.op === "undo" ? (edit.note ?? "").split(" ") : [edit.op, ...(edit.note ?? "").split(" ")];
    while (words[0] === "undo" && words.length > 1) words.shift();
    if (edit.op === "undo" && known(words.slice(0, 2).join(" "))) words.splice(0, 2, words.slice(0, 2).join(" "));
    const [op, ...rest] = edit.op === "undo" && !edit.note ? ["undo"] : words;
    const note = rest.join(" ");
    if (op.includes(" ") && note.startsWith(op.split(" ")[1])) return verb(op);
    const codes = note.split(" + ").slice(0, CODES);
    return `${verb(op)} ${codes.map((code) => (/^[\w-]+$/.test(code) ? places.tail(code) : code)).join("、")}`.trim();
  },
};
