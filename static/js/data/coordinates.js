// The coordinate systems a place can be told in: which there are, what is shown, what is copied.
import { boot } from "./boot.js";
import { gaussKruger } from "./gauss_kruger.js";
import { t } from "./i18n.js";
import { bd09, gcj02 } from "./shifted.js";

const KEPT = "weige.coordinates";

const side = (value, plus, minus) => (value < 0 ? minus : plus);

/** 121.583214 -> "121.583 214°E" */
function decimal([lon, lat]) {
  const shown = (value, letter) => {
    const [degrees, rest] = Math.abs(value).toFixed(6).split(".");
    return `${degrees}.${rest.slice(0, 3)} ${rest.slice(3)}°${letter}`;
  };
  return `${shown(lon, side(lon, "E", "W"))}  ${shown(lat, side(lat, "N", "S"))}`;
}

/** 121.583214 -> 121°34′59.57″E; a hundredth of a second is 30 cm. */
function sexagesimal([lon, lat]) {
  const shown = (value, letter) => {
    const hundredths = Math.round(Math.abs(value) * 360000);
    const pad = (number) => String(number).padStart(2, "0");
    const seconds = (hundredths % 6000) / 100;
    return `${Math.floor(hundredths / 360000)}°${pad(Math.floor(hundredths / 6000) % 60)}′${seconds.toFixed(2).padStart(5, "0")}″${letter}`;
  };
  return `${shown(lon, side(lon, "E", "W"))}  ${shown(lat, side(lat, "N", "S"))}`;
}

/** 3301234.56 -> "3 301 234.56" */
const metres = (value) => value.toFixed(2).replace(/\B(?=(\d{3})+\.)/g, " ");
const plane = ([east, north]) => `E ${metres(east)}  N ${metres(north)}`;
const degreesPlain = ([lon, lat]) => `${lon.toFixed(6)} ${lat.toFixed(6)}`;
const metresPlain = ([east, north]) => `${east.toFixed(2)} ${north.toFixed(2)}`;

/** @type {Array<{id: string, name: string, short: string, of: Function, shown: Function, plain: Function}>} */
const systems = [
  { id: "degrees", short: "CGCS2000", of: (lon, lat) => [lon, lat], shown: decimal, plain: degreesPlain },
  { id: "dms", short: "CGCS2000", of: (lon, lat) => [lon, lat], shown: sexagesimal, plain: sexagesimal },
  ...(boot.coordinates ?? []).map((zone) => ({
    id: `EPSG:${zone.epsg}`,
    name: t(zone.false_east > 1e6 ? "coordinates.zone" : "coordinates.meridian", {
      n: zone.lon0 / 3,
      lon: zone.lon0,
      epsg: zone.epsg,
    }),
    short: `EPSG:${zone.epsg}`,
    of: (lon, lat) => gaussKruger(lon, lat, zone),
    shown: plane,
    plain: metresPlain,
  })),
  { id: "gcj02", short: "GCJ-02", of: gcj02, shown: decimal, plain: degreesPlain },
  { id: "bd09", short: "BD-09", of: bd09, shown: decimal, plain: degreesPlain },
].map((system) => ({ name: t(`coordinates.${system.id}`), ...system }));

function remembered() {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

let chosen = systems.find((system) => system.id === remembered()) ?? systems[0];

export const coordinates = {
  systems,
  get chosen() {
    return chosen;
  },
  /** @param {string} id kept in this browser */
  choose(id) {
    chosen = systems.find((system) => system.id === id) ?? systems[0];
    try {
      localStorage.setItem(KEPT, chosen.id);
    } catch {
      /* this page only */
    }
  },
  /** @param {[number, number]} place lon, lat @returns {string} to be read */
  shown: ([lon, lat]) => chosen.shown(chosen.of(lon, lat)),
  /** @param {[number, number]} place lon, lat @returns {string} to be put into another program */
  plain: ([lon, lat]) => chosen.plain(chosen.of(lon, lat)),
};
