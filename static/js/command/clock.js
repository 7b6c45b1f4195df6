// The clock of the top bar, and on a wall the mark over the map that says when and by whom a picture of it was taken.
import { boot } from "../data/boot.js";
import { t } from "../data/i18n.js";
import { el } from "../ui/dom.js";
import { fill } from "./fill.js";

const host = document.getElementById("clock"),
  mark = document.getElementById("watermark");
const locale = boot.lang === "zh" ? "zh-CN" : "en-GB";
const day = new Intl.DateTimeFormat(locale, { month: boot.lang === "zh" ? "long" : "short", day: "numeric" }),
  weekday = new Intl.DateTimeFormat(locale, { weekday: "long" });
const pad = (n) => String(n).padStart(2, "0");
const MARKS = 12;

function draw() {
  const now = new Date();
  const time = `${pad(now.getHours())}:${pad(now.getMinutes())}`;
  fill(host, el("b", {}, time), el("span", {}, day.format(now), el("br"), weekday.format(now)));
  if (!boot.wall) return;
  const words = t("command.watermark", { name: boot.account.label || boot.account.name, t: `${now.getFullYear()}-${pad(now.getMonth() + 1)}-${pad(now.getDate())} ${time}` });
  fill(mark, ...Array.from({ length: MARKS }, () => el("span", {}, words)));
  mark.hidden = false;
}

export function watchClock() {
  draw();
  setInterval(draw, 1000);
}
