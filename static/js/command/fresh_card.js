// How old the data is: reports by area as a bar, then each source with its age, and the live line itself.
import { boot } from "../data/boot.js";
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { page } from "../data/page.js";
import { el } from "../ui/dom.js";
import { freshness } from "./course.js";
import { fill } from "./fill.js";
import { pieces } from "./pieces.js";
import { postsHere } from "./posts_card.js";

const host = document.getElementById("fresh"),
  top = document.getElementById("freshness");

/** Ages of the smallest areas where they were read, else of those below. */
function ages() {
  const told = page.progress?.data;
  const areas = told?.leaves ?? told?.rounds[0]?.areas;
  return areas ? freshness(areas, boot.command, Date.now()) : null;
}

function bar({ fresh, ageing, silent, all }) {
  const part = (n) => (all ? (n / all) * 380 : 0);
  const hatch = Array.from({ length: Math.ceil(part(silent) / 6) + 5 }, (_, i) => `M${380 - part(silent) + i * 6 - 26} 26l26 -26`).join("");
  return el(
    "svg",
    { class: "fr", viewBox: "0 0 380 26", preserveAspectRatio: "none", role: "img", "aria-label": t("command.fresh-bar", { fresh, ageing, silent }) },
    el("rect", { class: "fr1", width: part(fresh), height: 26 }),
    el("rect", { class: "fr2", x: part(fresh), width: part(ageing), height: 26 }),
    el("rect", { class: "fr3", x: 380 - part(silent), width: part(silent), height: 26 }),
    el("svg", { x: 380 - part(silent), width: part(silent), height: 26, viewBox: `${380 - part(silent)} 0 ${Math.max(1, part(silent))} 26`, preserveAspectRatio: "xMinYMin slice" }, el("path", { class: "fr3-hatch", d: hatch })),
  );
}

const youngest = (times) => times.filter(Boolean).sort().at(-1) ?? null;

/** [words, age in seconds or null] of each source. */
function sources() {
  const rounds = page.progress?.data?.rounds ?? [];
  const posts = postsHere();
  const postAges = posts.map((post) => post.age_s).filter((age) => typeof age === "number");
  const counts = page.tree?.data?.area?.age_s ?? page.tree?.data?.children[0]?.age_s ?? null;
  return [
    ["reports", page.progress ? pieces.since(youngest(rounds.map(({ total }) => total.newest_at))) : undefined],
    ["posts", !page.posts ? undefined : postAges.length ? Math.min(...postAges) + (Date.now() - page.posts.at) / 1000 : null],
    ["counts", counts],
    ["zones", page.summary ? pieces.since(page.summary.data?.as_of) : undefined],
  ];
}

const minutes = (seconds) => Math.round(seconds / 60);

export function drawFresh() {
  const found = ages();
  const { fresh_s: fresh, silent_s: silent } = boot.command;
  fill(
    host,
    pieces.head(t("command.fresh"), found ? t("command.fresh-of", { n: format.number(found.all), count: found.all }) : ""),
    found
      ? [
          bar(found),
          pieces.figures(
            [t("command.fresh-in", { n: minutes(fresh) }), format.number(found.fresh)],
            [t("command.fresh-to", { n: minutes(fresh), m: minutes(silent) }), format.number(found.ageing)],
            [t("command.silent"), format.number(found.silent)],
          ),
        ]
      : null,
    el(
      "ul",
      { class: "roles sources" },
      sources().map(([name, age]) => el("li", {}, el("span", {}, t(`command.source-${name}`)), el("b", { class: age === null ? "unknown" : "" }, age === undefined ? "…" : age === null ? t("command.never") : format.age(age)))),
    ),
  );
  const total = page.progress?.data?.rounds[0]?.total;
  fill(
    top,
    ...(found && found.all
      ? [
          el("span", { class: "mute" }, t("command.data")),
          el("b", { class: found.fresh / found.all >= 0.8 ? "c-ok" : "c-stale" }, t("command.fresh-share", { share: format.percent(found.fresh / found.all) })),
        ]
      : []),
    ...(total ? [el("span", { class: "mute" }, t("command.received", { n: format.number(total.received), all: format.number(total.of), count: total.of }))] : []),
  );
}
