// A store without areas: says so in the middle of the map, and what has to be done one after the other.
import { boot } from "../data/boot.js";
import { t } from "../data/i18n.js";
import { checklist } from "./checklist.js";
import { el } from "./dom.js";
import { side } from "./side.js";

export async function emptyStore() {
  const ways = el(
    "ul",
    {},
    el("li", {}, t("empty.import"), " ", el("code", {}, "weige import FILE --layer areas --level LEVEL")),
    el("li", {}, t("empty.demo"), " ", el("code", {}, "weige demo")),
  );
  const box = el("div", { class: "empty" }, el("p", {}, t("empty.areas")), ways);
  document.getElementById("map").append(box);
  side.show("empty", {
    title: t("empty.title"),
    body: [el("section", { class: "sec" }, el("p", { class: "hint" }, t("empty.areas")))],
  });
  if (boot.account.can.set_up) {
    document.getElementById("side").dataset.sheet = "mid"; // on a phone the list is what one came for
    const { node } = await checklist().catch((error) => ({ node: el("p", { class: "trouble" }, error.text) }));
    side.show("empty", {
      title: t("checklist.title"),
      body: [el("section", { class: "sec" }, el("p", { class: "hint" }, t("checklist.about"))), el("section", { class: "sec" }, node)],
    });
  }
  document.getElementById("live").hidden = true; // there is nothing to hear of yet
  document.body.dataset.ready = "true";
}
