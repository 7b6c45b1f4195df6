// People: how many are needed, how many there are, what is missing, by role.
import { boot } from "../data/boot.js";
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { named } from "../data/named.js";
import { page } from "../data/page.js";
import { el } from "../ui/dom.js";
import { fill } from "./fill.js";
import { pieces } from "./pieces.js";

const host = document.getElementById("staff");
const ROLES = 4;

const bar = (need, have) =>
  el(
    "svg",
    { class: "progress", viewBox: "0 0 100 4", preserveAspectRatio: "none", "aria-hidden": "true" },
    el("rect", { class: "b0", width: 100, height: 4 }),
    el("rect", { class: "b1", width: need ? Math.round(Math.min(1, have / need) * 1000) / 10 : 100, height: 4 }),
  );

export function drawStaff() {
  const reading = page.staffing,
    told = reading?.data;
  const head = pieces.head(t("command.staff"));
  if (!told) return fill(host, head, pieces.absent(reading, "command.staff-not-there"));
  const short = (told.roles ?? []).filter((role) => role.gap > 0).slice(0, ROLES);
  fill(
    host,
    pieces.head(t("command.staff"), told.have === null ? "" : t("command.on-duty", { n: format.number(told.have) })),
    told.have === null
      ? pieces.nothing("command.staff-unknown")
      : [
          el("p", { class: "fig" }, format.number(Math.max(0, told.gap ?? 0)), el("i", {}, t("command.of-need", { n: format.number(told.need) }))),
          bar(told.need, told.need - Math.max(0, told.gap ?? 0)),
        ],
    short.length
      ? el(
          "ul",
          { class: "roles" },
          short.map((role) => el("li", {}, el("span", {}, role.role === "zone_staff" ? t("command.zone-staff") : named(boot.roles, role.role)), el("b", {}, `${format.number(role.have ?? 0)} / ${format.number(role.need)}`))),
        )
      : null,
  );
  return undefined;
}
