// The tool Cut in two: pick an area, take the best cut or one of the next best, Enter saves it.
import { t } from "../../data/i18n.js";
import { halvePanel } from "../../ui/halve_panel.js";
import { halveTip } from "../../ui/halve_tip.js";
import { figureText } from "../../ui/figure_text.js";
import { say } from "../../ui/say.js";
import { halve } from "../operations/halve.js";
import { OneAreaMode } from "./one_area_mode.js";

/** Owns which of the cuts is shown. */
export class HalveMode extends OneAreaMode {
  tool = "halve";
  seed = 0;

  key(event) {
    const seed = Number(event.key) - 1;
    if (halve.SEEDS.includes(seed) && this.area) {
      this.choose(seed);
      return true;
    }
    return super.key(event);
  }

  /** @param {number} seed of the cut to look at */
  choose(seed) {
    this.seed = seed;
    this.ask();
  }

  form(area) {
    return halve.form(area, this.seed);
  }

  told(answer) {
    const pieces = halve.pieces(answer);
    this.view.show(pieces);
    this.tell(halveTip(answer, pieces));
    const { follows, cut } = halve.border(answer);
    const sides = pieces.map((piece) => `${piece.letter} ${figureText.households(piece.after?.households)}`).join(" ");
    say.politely([follows ? t("halve.follows", { what: follows }) : null, t("divide.cut", { n: cut }), sides].filter(Boolean).join(" · "));
  }

  panel() {
    halvePanel(this, this.verbs());
  }

  forget() {
    this.seed = 0;
  }
}
