// Starts the command page: one map and the cards around it, all of one area, which a click or the breadcrumb changes.
import { api } from "../data/api.js";
import { boot } from "../data/boot.js";
import { t } from "../data/i18n.js";
import { levels } from "../data/levels.js";
import { Live } from "../data/live.js";
import { page } from "../data/page.js";
import { Canvas } from "../map/canvas.js";
import { FigurePaint } from "../map/figure_paint.js";
import { flash } from "../map/flash.js";
import { Overview } from "../map/overview.js";
import { tiles } from "../map/tiles.js";
import { drawBreadcrumb } from "../ui/breadcrumb.js";
import { el } from "../ui/dom.js";
import { watchIdle } from "../ui/idle.js";
import { showReread, watchLive } from "../ui/live_word.js";
import { watchLoading } from "../ui/loading_bar.js";
import { watchSignIn } from "../ui/sign_in_dialog.js";
import { toast } from "../ui/toast.js";
import { watchClock } from "./clock.js";
import { kindOf } from "./course.js";
import { drawFresh } from "./fresh_card.js";
import { drawStrip } from "./legend_strip.js";
import { memory } from "./memory.js";
import { menu } from "./menu.js";
import { drawNeeds } from "./needs.js";
import { drawPosts, postsHere } from "./posts_card.js";
import { drawRounds } from "./rounds_card.js";
import { fitScale } from "./scale.js";
import { drawStaff } from "./staff_card.js";
import { Views } from "./views.js";
import { Watch } from "./watch.js";
import { drawZones } from "./zones_card.js";

const PADDING = 28,
  AGES_MS = 5000,
  AMBER_MS = 10_000;
/** Which readings an edit of these layers makes old. */
const TOUCHES = {
  zones: ["summary", "staffing"],
  checkpoints: ["posts", "staffing"],
  staff: ["staffing"],
  teams: ["staffing"],
  areas: ["tree", "summary", "staffing", "progress"],
};
const FACTS = ["tree", "summary", "staffing", "progress"];
const READINGS = ["tree", "summary", "progress", "staffing", "posts"];
const OF_REPORTS = ["progress", "summary"];

const shown = () => ({
  classes: page.legend?.classes ?? [],
  isolate: null,
  isolateZone: null,
  wash: !page.legend,
  hidden: page.hidden,
  ground: null,
  labels: false,
});

const isMetric = (id) => boot.metrics.some((metric) => metric.id === id);
const RATES = { survey: "survey_rate", sampling: "sample_rate" };

/** The metric to begin with: what somebody chose on this screen, else the progress of a round, else the first. */
function firstMetric(chosen) {
  if (isMetric(chosen)) return chosen;
  return boot.reported && isMetric(RATES.survey) ? RATES.survey : boot.metrics[0]?.id;
}

/** As long as nobody chose a metric, the map shows the progress of the round that people report in. */
function followRound() {
  const [first] = (page.progress?.data?.rounds ?? []).filter(({ total }) => total.received);
  const rate = first && RATES[kindOf(first.round)];
  if (rate && !page.chosen && isMetric(rate)) page.set({ metric: rate });
}

const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
const camera = ({ gl }) => ({ center: gl.getCenter().toArray().map((side) => Math.round(side * 1e6) / 1e6), zoom: Math.round(gl.getZoom() * 1000) / 1000 });

/** The top of what the account sees: one area, or all of several. */
const TOP = boot.tops.length === 1 ? boot.tops[0].code : null;

async function areaOf(code) {
  if (!code) return null;
  return api.get(boot.urls.area, { path: { code } }).catch(() => null);
}

function empty() {
  const map = document.getElementById("map");
  map.append(el("div", { class: "empty" }, el("p", {}, t("empty.areas")), el("p", { class: "mute" }, t("command.empty"))));
  document.body.dataset.ready = "true";
}

/** A wall whose token was revoked shows nothing any more: the address asks who is there. */
function signedOut() {
  api.signInAgain = () => {
    location.reload();
    return new Promise(() => {});
  };
}

async function start() {
  if (boot.wall) signedOut();
  else {
    watchSignIn();
    watchIdle();
  }
  menu();
  watchLive({ amberMs: AMBER_MS });
  watchClock();
  if (!boot.map.bounds) return empty();
  const last = memory.last();
  const scope = (await areaOf(last.area)) ?? (await areaOf(TOP));
  page.set({ metric: firstMetric(last.metric), chosen: isMetric(last.metric), scope, hidden: new Set(boot.wall ? ["buildings"] : []) });
  if (last.camera && scope?.code === (last.area ?? TOP))
    history.replaceState(null, "", `#map=${last.camera.zoom}/${last.camera.center[1]}/${last.camera.center[0]}`);
  else if (!location.hash) boot.map.bounds = scope?.bounds ?? boot.map.bounds;

  fitScale(null);
  const canvas = new Canvas(document.getElementById("canvas"), tiles.sources(), shown);
  fitScale(canvas);
  addEventListener("resize", () => fitScale(canvas));
  watchLoading(canvas);
  const paint = new FigurePaint(canvas),
    overview = new Overview(canvas);
  const watch = new Watch(async () => {
    await paint.again();
    await overview.labels();
  });
  const now = () => ({ area: page.scope?.code ?? null, metric: page.metric, camera: camera(canvas) });
  const keep = () => memory.keep({ ...now(), metric: page.chosen ? page.metric : null });

  /** Another area comes into view because a person asked for it. */
  async function go(code, { view = null, past = false } = {}) {
    const area = await areaOf(code);
    if (code && !area) return;
    if (area?.fid !== page.scope?.fid) {
      page.set({ scope: area, ...Object.fromEntries(READINGS.map((name) => [name, undefined])) });
      const address = new URL(location.href);
      address.searchParams.delete("area");
      if (area && area.code !== TOP) address.searchParams.set("area", area.code);
      if (!past) history.pushState({ area: area?.code ?? null }, "", address);
      watch.all().then(draw);
    }
    const options = view ?? canvas.gl.cameraForBounds(area?.bounds ?? boot.map.bounds, { padding: PADDING });
    if (view || calm()) canvas.gl.jumpTo(options);
    else canvas.gl.easeTo({ ...options, duration: 320 });
    keep();
  }
  const views = new Views({
    now,
    async show(view) {
      page.set({ metric: firstMetric(view.metric), chosen: true });
      await go(view.area ?? TOP, { view: view.camera });
    },
    dropped: (view, back) => toast(t("command.view-dropped", { name: view.name }), { action: t("undo.word"), onAction: back }),
  });
  addEventListener("popstate", () => {
    const code = new URLSearchParams(location.search).get("area") ?? TOP;
    if (code !== (page.scope?.code ?? null)) go(code, { past: true });
  });

  const onGo = (area) => go(area.code);
  const cards = { drawZones, drawRounds, drawPosts, drawStaff, drawFresh, drawNeeds: () => drawNeeds(onGo), drawStrip };
  const draw = () => {
    for (const one of Object.values(cards)) one();
  };
  page.on(READINGS, draw);
  page.on("progress", followRound);
  page.on("posts", () => overview.posts(postsHere()));
  page.on("scope", () => drawBreadcrumb(page.scope, onGo));
  page.on(["tree", "scope"], () => {
    if (!canvas.loaded) return;
    overview.show();
    overview.labels();
  });
  page.on(["legend", "metric"], drawStrip);
  page.on("legend", () => canvas.look());
  page.on("metric", () => {
    overview.labels();
    keep();
  });
  drawBreadcrumb(page.scope, onGo);
  draw();
  setInterval(draw, AGES_MS);

  const follow = () => page.set({ level: levels.at(canvas.gl.getZoom()) });
  canvas.gl.on("zoom", follow);
  canvas.gl.on("moveend", keep);
  canvas.gl.on("click", async (event) => {
    const found = canvas.areaAt(event.point);
    if (!found) return;
    const area = await areaOf(found.code);
    if (!area) return;
    const chain = [...area.ancestors, area];
    const at = chain.findIndex((one) => one.code === page.scope?.code);
    const below = page.scope ? (at < 0 ? null : chain[at + 1]) : chain.find((one) => boot.tops.some((top) => top.code === one.code));
    if (below) go(below.code);
  });
  follow();
  const read = watch.all();
  await canvas.ready();
  await Promise.all([paint.show(), read]);
  overview.show();
  await overview.labels();
  new Live({
    edits: (edits) => heard(edits, { canvas, watch }),
    status: () => watch.soon(OF_REPORTS, true),
    reset: () => showReread(Promise.all([paint.again(), watch.all()]).then(() => overview.labels())),
    notice: () => null,
    who: () => null,
  }).start();
  views.draw();
  keep();
  document.body.dataset.ready = "true";
  return undefined;
}

/** What others changed: tiles on its ground, and the readings it touches; the map stays where it is. */
function heard(edits, { canvas, watch }) {
  const names = new Set(),
    layers = new Set();
  for (const edit of edits) {
    tiles.touched(edit.rev, edit.all ? null : edit.bounds, edit.all ? null : edit.layers);
    for (const layer of edit.layers ?? []) {
      layers.add(layer);
      for (const name of TOUCHES[layer] ?? []) names.add(name);
    }
    if (edit.facts || edit.all) for (const name of FACTS) names.add(name);
    if (edit.all) names.add("posts");
  }
  page.set({ rev: Math.max(page.rev, ...edits.map((edit) => edit.rev)) });
  canvas.renew(edits.some((edit) => edit.all) ? null : [...layers]);
  const ground = edits.some((edit) => edit.all || edit.facts || edit.areas?.length);
  watch.soon([...names], ground);
  flash(canvas, [...new Set(edits.flatMap((edit) => edit.areas ?? []))]);
}

start();
