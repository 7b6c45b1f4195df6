// An edit in a few words, for undo buttons and histories: "拆分 04-05".
import { format } from "../data/format.js";
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

/** "areas from town.gpkg" -> which layer, from which file. The town of the program has no file. */
function fromFile(note) {
  const [, layer, file] = /^(\w+) from (.+)$/.exec(note) ?? [];
  const words = t(`layer.${layer}`);
  if (!layer || words === `layer.${layer}`) return note;
  return /^demo town( \w+)?$/.test(file) ? t("history.from-demo", { layer: words }) : t("history.from-file", { layer: words, file });
}

export const editName = {
  verb,

  /** As a line of a history: "撤销 拆分 05-09"; the undo of an undo is a redo. @param {{op: string, note?: string}} edit */
  line(edit) {
    if (edit.op !== "undo") return editName.full(edit);
    const [undos] = /^(undo )*/.exec(`${edit.note ?? ""} `);
    return t((undos.length / "undo ".length) % 2 ? "redo.what" : "undo.what", { what: edit.note ? editName.full(edit) : "" }).trim();
  },

  /** What was done, or taken back. @param {{op: string, note?: string}} edit the note of an undo begins with the operation it took back */
  full(edit) {
    const words = edit.op === "undo" ? (edit.note ?? "").split(" ") : [edit.op, ...(edit.note ?? "").split(" ")];
    while (words[0] === "undo" && words.length > 1) words.shift();
    if (edit.op === "undo" && known(words.slice(0, 2).join(" "))) words.splice(0, 2, words.slice(0, 2).join(" "));
    const [op, ...rest] = edit.op === "undo" && !edit.note ? ["undo"] : words;
    const note = rest.join(" ");
    if (op.includes(" ") && note.startsWith(op.split(" ")[1])) return verb(op);
    if (op === "import" || op === "demo") return `${verb(op)} ${fromFile(note)}`.trim();
    const codes = note.split(" + ");
    const names = format.list(codes.slice(0, CODES).map((code) => (/^[\w-]+$/.test(code) ? places.called(code) : code)));
    return `${verb(op)} ${codes.length > CODES ? t("list.and-more", { what: names, n: codes.length }) : names}`.trim();
  },
};
