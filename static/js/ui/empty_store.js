// A store without areas: says so in the middle of the map and names the two ways out.
import { boot } from "../data/boot.js";
import { t } from "../data/i18n.js";
import { el } from "./dom.js";
import { side } from "./side.js";

export function emptyStore() {
  document
    .getElementById("map")
    .append(
      el(
        "div",
        { class: "empty" },
        el("p", {}, t("empty.areas")),
        el(
          "ul",
          {},
          el("li", {}, t("empty.import"), " ", el("code", {}, "weige import FILE --layer areas --level LEVEL")),
          el("li", {}, t("empty.demo"), " ", el("code", {}, "weige demo")),
        ),
        boot.urls.manual ? el("a", { class: "btn", href: boot.urls.manual }, t("user.manual")) : null,
      ),
    );
  side.show("empty", {
    title: t("empty.title"),
    body: [el("section", { class: "sec" }, el("p", { class: "hint" }, t("empty.areas")))],
  });
  document.body.dataset.ready = "true";
}
