// What this screen showed last: area, metric and camera. After a reload or a power cut it shows the same again.
import { boot } from "../data/boot.js";

const KEPT = `weige.command.${boot.wall ? "wall" : "desk"}`;
const STEP = 8; // pixels: a smaller change of the window is no other screen

const read = (key, otherwise) => {
  try {
    return JSON.parse(localStorage.getItem(key)) ?? otherwise;
  } catch {
    return otherwise;
  }
};
const write = (key, value) => {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    /* this page only */
  }
};
const size = () => [innerWidth, innerHeight];

export const memory = {
  read,
  write,

  /** @returns {{area?: string|null, metric?: string, camera?: {center: [number, number], zoom: number}|null}} */
  last() {
    const kept = read(KEPT, {});
    const same = kept.account === boot.account.name;
    const fits = same && Array.isArray(kept.size) && kept.size.every((side, i) => Math.abs(side - size()[i]) <= STEP);
    const asked = new URLSearchParams(location.search).get("area");
    const area = asked ?? (same ? (kept.area ?? null) : null);
    return { area, metric: same ? kept.metric : undefined, camera: fits && area === (kept.area ?? null) ? kept.camera : null };
  },

  /** @param {{area: string|null, metric: string, camera: {center: [number, number], zoom: number}}} now */
  keep(now) {
    write(KEPT, { ...now, size: size(), account: boot.account.name });
  },
};
