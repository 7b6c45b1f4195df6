// Starts the planner page: map, figures, legend, cards, tools, and what happens between them.
import { boot } from "./data/boot.js";
import { figures } from "./data/figures.js";
import { t } from "./data/i18n.js";
import { levels } from "./data/levels.js";
import { Live } from "./data/live.js";
import { page } from "./data/page.js";
import { posts } from "./data/posts.js";
import { Desk } from "./edit/desk.js";
import { Division } from "./edit/division.js";
import { Journal } from "./edit/journal.js";
import { longDivision } from "./edit/long_division.js";
import { restore } from "./edit/restore.js";
import { saving } from "./edit/save.js";
import { BrushMode } from "./edit/modes/brush_mode.js";
import { DivideMode } from "./edit/modes/divide_mode.js";
import { DrawMode } from "./edit/modes/draw_mode.js";
import { PostMode } from "./edit/modes/post_mode.js";
import { MergeMode } from "./edit/modes/merge_mode.js";
import { HalveMode } from "./edit/modes/halve_mode.js";
import { LatticeMode } from "./edit/modes/lattice_mode.js";
import { MeasureMode } from "./edit/modes/measure_mode.js";
import { ReshapeMode } from "./edit/modes/reshape_mode.js";
import { SelectMode } from "./edit/modes/select_mode.js";
import { SplitMode } from "./edit/modes/split_mode.js";
import { VertexMode } from "./edit/modes/vertex_mode.js";
import { Transfer } from "./edit/transfer.js";
import { ZoneMode } from "./edit/modes/zone_mode.js";
import { Canvas } from "./map/canvas.js";
import { FigurePaint } from "./map/figure_paint.js";
import { Ground } from "./map/ground.js";
import { Peers } from "./map/peers.js";
import { Posts } from "./map/posts.js";
import { Renewal } from "./map/renewal.js";
import { watchSelection } from "./map/selection.js";
import { tiles } from "./map/tiles.js";
import { arrived } from "./ui/arrivals.js";
import { Cards } from "./ui/cards.js";
import { emptyStore } from "./ui/empty_store.js";
import { exportDialog } from "./ui/export_dialog.js";
import { foot } from "./ui/foot.js";
import { attribution } from "./ui/ground_menu.js";
import { FindingsWalk } from "./ui/findings_walk.js";
import { hint } from "./ui/hint.js";
import { Past } from "./ui/history_past.js";
import { watchIdle } from "./ui/idle.js";
import { watchKeys } from "./ui/keys.js";
import { drawLegend } from "./ui/legend.js";
import { showReread, watchLive } from "./ui/live_word.js";
import { watchLoading } from "./ui/loading_bar.js";
import { mapKeys } from "./ui/map_keys.js";
import { watchNotices } from "./ui/notices.js";
import { PostCards } from "./ui/post_cards.js";
import { Presence } from "./ui/presence.js";
import { rail } from "./ui/rail.js";
import { search } from "./ui/search.js";
import { side } from "./ui/side.js";
import { watchSignIn } from "./ui/sign_in_dialog.js";
import { StaffPanel } from "./ui/staff_panel.js";
import { toast } from "./ui/toast.js";
import { userMenu } from "./ui/user_menu.js";
import { places } from "./ui/places.js";

const MODES = {
  select: (desk) => new SelectMode(desk),
  split: (desk) => new SplitMode(desk),
  merge: (desk) => new MergeMode(desk),
  reshape: (desk) => new ReshapeMode(desk),
  vertex: (desk) => new VertexMode(desk),
  draw: (desk) => new DrawMode(desk),
  divide: (desk) => new DivideMode(desk),
  brush: (desk) => new BrushMode(desk),
  halve: (desk) => new HalveMode(desk),
  lattice: (desk) => new LatticeMode(desk),
  zone: (desk) => new ZoneMode(desk),
  post: (desk) => new PostMode(desk),
  measure: (desk) => new MeasureMode(desk),
};

/** What the style of the map needs to know of the page. */
const shown = () => ({
  classes: page.wash ? [] : (page.legend?.classes ?? []),
  isolate: page.isolate,
  isolateZone: page.isolateZone,
  wash: page.wash || Boolean(page.legend?.norm) || !page.legend,
  hidden: page.hidden,
  ground: page.ground,
});

function sayDone(answer) {
  const before = answer.changed.filter((area) => area.before),
    after = answer.changed.filter((area) => !area.retired);
  places.meet(answer.changed);
  const made = after.filter((area) => area.new);
  return t(`toast.${answer.op}`, { what: places.names(before), into: places.names(after), made: places.names(made), n: made.length + 1 });
}

async function start() {
  watchSignIn();
  watchIdle();
  userMenu();
  watchLive();
  hint.show();
  document.getElementById("place").textContent =
    (boot.account.roles ?? []).map((role) => role.area?.name).filter(Boolean)[0] ?? "";
  document.getElementById("language").addEventListener("click", (event) => {
    event.currentTarget.hash = location.hash;
  });
  page.set({ wash: false, zones: [] });

  const canvas = new Canvas(document.getElementById("canvas"), boot.map.bounds ? tiles.sources() : {}, shown);
  if (!boot.map.bounds) return emptyStore();
  watchLoading(canvas);
  foot.watch(canvas);
  const ground = new Ground(canvas);
  attribution();
  mapKeys(canvas, ground);
  const paint = new FigurePaint(canvas);
  const renewal = new Renewal(canvas, paint);
  const past = new Past(canvas);
  const cards = new Cards(canvas, renewal, {
    use: (id, byKey) => use(id, byKey),
    exportOf: (area) => exportDialog({ area }),
    past,
    restore: (edit) => restore(edit, (done) => taken("undo", done)),
    divide: (op, area) => division.open(op, area),
    transfer: (area) => transfer.open(area),
    findings: (kind) => walk.open(kind),
    staff: (area) => staff.show(area),
    drawing: () => desk.unsaved,
    free: () =>
      desk.mode &&
      ["select", "measure", "split", "reshape", "vertex", "draw", "post"].includes(page.tool) &&
      !desk.mode.busy &&
      !(desk.mode.draft && ["post", side.shown].includes(page.tool) && !desk.mode.draft.empty) &&
      !postCards.open &&
      !staff.open,
  });
  const tools = rail({ use: (id, byKey) => use(id, byKey), undo: () => takeBack("undo"), redo: () => takeBack("redo") });
  const journal = new Journal(tools.undoable);
  renewal.onAfter = () => journal.load();

  const desk = new Desk(canvas, MODES, {
    card: () => cards.show(),
    zone: (id) => cards.zone(id),
    post: (id) => postCards.show(id),
    placing: (place) => postCards.place(place),
    placed: () => postCards.save(),
    moved: (post) => postCards.moved(post),
    into: (area) => cards.into(area),
    outward: () => cards.outward(),
    renew: () => renewal.all(),
    transfer(area, to) {
      const { fid, code, name, level } = area;
      page.set({ selection: [{ fid, code, name, level }] });
      use("select");
      transfer.open(area, to);
    },
    async saved(answer, said = sayDone(answer)) {
      toast(said, { action: t("undo.word"), onAction: () => takeBack("undo") });
      side.done();
      journal.load(); // whoever takes it back at once takes back this one
      await renewal.after(answer);
      desk.coverage.forget();
      desk.shapes();
      cards.show();
      canvas.gl.getCanvas().focus();
    },
    async zoned(zone) {
      toast(t("toast.proposed", { name: zone.name || zone.code }), {
        action: t("zone.withdraw"),
        onAction: () => cards.withdraw(zone),
      });
      await renewal.zones(zone);
      use("select");
      cards.zone(zone.id);
    },
  });

  desk.posts = new Posts(canvas);
  const postCards = new PostCards(desk.posts, {
    undo: () => takeBack("undo"),
    saved: () => journal.load(),
    shut: () => cards.show(),
    go: (place) => canvas.goTo(place),
    drop: () => page.tool === "post" && desk.mode.drop(),
  });
  const staff = new StaffPanel({
    saved: () => journal.load(),
    undo: () => takeBack("undo"),
    shut: () => cards.show(),
    go: (area) => cards.go(area).then(() => staff.show(area)),
  });
  const division = new Division(desk);
  page.on(["selection", "tool"], () => division.shut());
  const transfer = new Transfer(desk);
  page.on("selection", () => transfer.picked());
  page.on("tool", () => transfer.shut());
  const walk = new FindingsWalk({
    outline: (area) => cards.outline(area),
    go: (area) => cards.go(area),
    shut: () => cards.show(),
  });

  addEventListener("beforeunload", (event) => desk.unsaved && event.preventDefault()); // the browser asks

  function use(id, byKey = false) {
    if (id === "export") exportDialog({ area: page.selection[0] ?? page.focus });
    else desk.use(id, byKey);
  }

  /** What the page does when an edit was taken back or done again. */
  async function taken(verb, done) {
    const now = (area) => done.answer.changed?.find((changed) => changed.fid === area.fid);
    page.set({
      selection: page.selection
        .filter((area) => !now(area)?.retired)
        .map((area) => (now(area) ? { ...area, code: now(area).code, name: now(area).name } : area)), // a transfer gives codes anew
    });
    await renewal.after(done.answer);
    if (done.op.includes("checkpoints")) await posts.load();
    staff.again();
    if (done.op.includes("zone")) await renewal.zones({ rev: done.answer.rev, bounds: null });
    desk.coverage.forget();
    desk.shapes();
    cards.show();
    toast(t(`toast.${verb}`, { what: done.name }));
  }

  /** Ctrl Z: of what is being drawn a point, else the last edit. */
  function back() {
    if (saving() || !desk.unsaved || !desk.key({ key: "Backspace" })) takeBack("undo");
  }

  async function takeBack(verb) {
    try {
      await saving();
      const done = await journal[verb]();
      if (done) await taken(verb, done);
    } catch (error) {
      const [first] = error.code === "undo-blocked" ? (error.body.edits ?? []) : [];
      toast(error.text, first ? { kind: "bad", action: t("undo.see-way"), onAction: () => past.show(first) } : { kind: "bad" });
    }
  }

  const find = search({ onOutline: (result) => cards.outline(result), onGo: (result) => cards.found(result) });
  watchNotices({ past, zone: (id) => cards.zone(id), restore: (id) => cards.restoreZone(id) });
  watchKeys({
    desk,
    use,
    find: find.focus,
    undo: back,
    redo: () => takeBack("redo"),
    parent: () => cards.parent(),
    problem: (by) => walk.step(by),
    unassigned: () => walk.unassigned(),
    toggleSnap: () => {
      const { on } = desk.snapper;
      const any = on.vertices || on.borders;
      Object.assign(on, { vertices: !any, borders: !any });
      if (desk.mode.snaps) desk.chips();
    },
  });

  page.on(["legend", "isolate", "isolateZone", "zones", "wash", "hidden"], drawLegend);
  page.on(["legend", "isolate", "isolateZone", "wash", "hidden", "ground"], () => canvas.look());
  const follow = () => page.set({ level: levels.at(canvas.gl.getZoom()) });
  canvas.gl.on("zoom", follow);
  follow();
  const read = Promise.all([
    figures.load(page.level, page.metric).catch(() => null),
    renewal.summary(),
    renewal.zones(null),
    journal.load(),
    posts.watch(),
  ]);
  await canvas.ready();
  desk.posts.draw();
  ground.again();
  watchSelection(canvas);
  desk.use("select");
  cards.restore();
  longDivision.again((asked) => desk.modes.divide.resume(asked));
  await Promise.all([paint.show(), read]);
  const peers = new Peers(canvas);
  const presence = new Presence({
    onWho: (who) => peers.show(who),
    onGo: (area) => canvas.goTo(area, { zoomAtMost: 19 }),
  }).watch();
  new Live({
    edits: async (edits) => {
      posts.heard(edits);
      staff.heard(edits);
      await renewal.heard(edits, (theirs) => arrived(theirs, { desk, cards }));
    },
    reset: () => showReread(Promise.all([renewal.all(), posts.load()]).then(() => cards.show())),
    notice: (detail) => dispatchEvent(new CustomEvent("weige:notice", { detail })),
    who: (who) => presence.show(who),
  }).start();
  document.body.dataset.ready = "true";
  return undefined;
}

start();
