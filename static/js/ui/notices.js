// The bell: what others did to one's work. Counted until looked at, kept in a list, told at once while the page is open.
import { api } from "../data/api.js";
import { boot } from "../data/boot.js";
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { el } from "./dom.js";
import { editName } from "./edit_name.js";
import { icon } from "./icon.js";
import { popover } from "./popover.js";
import { toast } from "./toast.js";

const MOST_SHOWN = 99;
const ZONES = ["asked", "approved", "rejected", "refused", "lifted", "extended", "upgraded"].map((kind) => `zone-${kind}`);
const KINDS = ["reversed", "reversed-by-you", "overwritten", ...ZONES];

const who = ({ by }) => [t(`role.${by?.role ?? "planner"}`), by?.area ? t("notice.of", { area: by.area.name || by.area.code }) : ""].join("");

/** One notice as a sentence. */
function sentence(notice) {
  const kind = KINDS.includes(notice.kind) ? notice.kind : "overwritten";
  if (ZONES.includes(kind)) return t(`notice.${kind}`, { who: who(notice), what: notice.note ?? "" });
  return t(`notice.${kind}`, { who: who(notice), what: editName.full({ op: notice.op ?? "", note: notice.note ?? "" }) });
}

/**
 * @param {{past: import("./history_past.js").Past, zone: (id: number) => void, restore: (id: number) => void}} hands zone: shows
 *   its card; restore: brings a proposal back that was sent back
 */
export function watchNotices({ past, zone, restore }) {
  const act = (notice) => {
    if (notice.kind === "zone-rejected")
      toast(sentence(notice), { kind: "info", action: t("notice.zone-restore"), onAction: () => restore(notice.zone) });
    else if (ZONES.includes(notice.kind)) zone(notice.zone);
    else past.show(notice.undone ?? notice.rev, notice.undone ? "after" : "before");
  };

  const bell = document.getElementById("bell");
  const count = el("span", { class: "count", "aria-hidden": "true" });
  bell.append(icon("bell"), count);
  let held = { notices: [], unread: 0 };

  function tell() {
    count.textContent = held.unread > MOST_SHOWN ? `${MOST_SHOWN}+` : held.unread || "";
    count.hidden = !held.unread;
    bell.hidden = !held.notices.length && !boot.account.can.redraw;
    bell.setAttribute("aria-label", held.unread ? t("notice.unread", { n: held.unread }) : t("notice.title"));
    bell.title = bell.getAttribute("aria-label");
  }

  async function load() {
    const told = await api.get(boot.urls.notices).catch(() => null);
    if (told) held = told;
    tell();
  }

  async function looked() {
    const seq = Math.max(0, ...held.notices.map((notice) => notice.seq));
    if (!held.unread || !seq) return;
    const told = await api.post(boot.urls.notices_read, { body: { seq } }).catch(() => null);
    if (!told) return;
    held = { notices: held.notices.map((notice) => ({ ...notice, read: true })), unread: told.unread };
    tell();
  }

  const line = (notice) =>
    el(
      "button",
      {
        class: `mi notice ${notice.read ? "" : "fresh"}`,
        type: "button",
        onclick: () => {
          popover.shut();
          act(notice);
        },
      },
      icon(notice.read ? "ok" : "info", "s"),
      el(
        "span",
        {},
        el("span", {}, sentence(notice), notice.read ? null : el("span", { class: "visually-hidden" }, ` ${t("notice.new")}`)),
        notice.reason ? el("small", {}, t("history.reason", { reason: notice.reason })) : null,
        el("small", {}, `${format.time(notice.at)} · r${notice.rev}`),
      ),
    );

  bell.addEventListener("click", async () => {
    await load();
    const shown = popover.show(
      bell,
      [
        el("h4", {}, t("notice.title")),
        ...(held.notices.length ? held.notices.map(line) : [el("p", { class: "none" }, t("notice.none"))]),
      ],
      { side: "right", label: t("notice.title") },
    );
    if (shown) looked();
  });

  addEventListener("weige:notice", async (event) => {
    await load();
    const told = event.detail ?? {};
    if (!KINDS.includes(told.kind)) return;
    if (told.kind === "zone-rejected") return act(told);
    const onAction = () => (ZONES.includes(told.kind) ? zone(told.zone) : past.show(told.undone ?? told.rev));
    toast(sentence(told), { kind: "info", action: t(ZONES.includes(told.kind) ? "notice.show-zone" : "notice.show"), onAction });
  });
  addEventListener("weige:back", load);
  tell();
  load();
}
