// Small pictures drawn from tokens: hatches of zones and of the unknown, marks beside numbers, badges, vertices.
import { boot } from "../data/boot.js";
import { t } from "../data/i18n.js";

const RATIO = 2;

/** Draws on a fresh canvas of (width, height) CSS pixels. */
function picture(width, height, draw) {
  const canvas = new OffscreenCanvas(width * RATIO, height * RATIO);
  const pen = canvas.getContext("2d");
  pen.scale(RATIO, RATIO);
  pen.lineJoin = "round";
  draw(pen);
  return pen.getImageData(0, 0, width * RATIO, height * RATIO);
}

/** Diagonal lines that meet at the edges of the tile. `side` +1 falls to the right, -1 to the left. */
function hatch(pen, size, side, colour, width) {
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.beginPath();
  for (const shift of [-size, 0, size]) {
    pen.moveTo(shift - 2, side > 0 ? -2 : size + 2);
    pen.lineTo(shift + size + 2, side > 0 ? size + 2 : -2);
  }
  pen.stroke();
}

const PATTERNS = {
  lockdown: (ink) =>
    picture(10, 10, (pen) => {
      for (const side of [1, -1]) hatch(pen, 10, side, ink["z-lockdown"], 1.3);
    }),
  control: (ink) => picture(13, 13, (pen) => hatch(pen, 13, -1, ink["z-control"], 2)),
  prevention: (ink) =>
    picture(11, 11, (pen) => {
      pen.fillStyle = ink["z-prevention"];
      pen.beginPath();
      pen.arc(5, 5, 1.2, 0, 7);
      pen.fill();
    }),
};

/** Pairs of lines that rise to the right: ground nobody was given yet. Neither the thin hatch of the unknown nor a zone. */
function unassigned(ink) {
  return picture(16, 16, (pen) => {
    hatch(pen, 16, -1, ink.unassigned, 1.2);
    pen.translate(5, 0);
    hatch(pen, 16, -1, ink.unassigned, 1.2);
  });
}

function triangle(ink, up, colour) {
  return picture(13, 11, (pen) => {
    pen.fillStyle = ink[colour];
    pen.strokeStyle = ink["m-halo"];
    pen.lineWidth = 2;
    pen.beginPath();
    for (const [x, y] of up
      ? [
          [6.5, 1],
          [12, 10],
          [1, 10],
        ]
      : [
          [6.5, 10],
          [1, 1],
          [12, 1],
        ])
      pen.lineTo(x, y);
    pen.closePath();
    pen.stroke();
    pen.fill();
  });
}

/** A padlock, set behind a code: the border of this area may not move. */
function padlock(ink) {
  return picture(14, 13, (pen) => {
    const body = new Path2D(),
      bow = new Path2D("M5.6 6V4.4a2.4 2.4 0 0 1 4.8 0V6");
    body.roundRect(3.5, 6, 9, 6, 1);
    pen.strokeStyle = ink["m-halo"];
    pen.lineWidth = 3.4;
    pen.stroke(bow);
    pen.stroke(body);
    pen.strokeStyle = pen.fillStyle = ink["m-label"];
    pen.lineWidth = 1.4;
    pen.stroke(bow);
    pen.fill(body);
  });
}

/** A piece of two rows of dots, 16 pixels wide, to be set along a line. */
function dots(colour) {
  return picture(16, 16, (pen) => {
    pen.fillStyle = colour;
    for (const [x, y] of [
      [4, 4],
      [12, 12],
    ]) {
      pen.beginPath();
      pen.arc(x, y, 1.3, 0, 7);
      pen.fill();
    }
  });
}

function badge(text, colour, ink, width = 22) {
  return picture(width + 2, 24, (pen) => {
    pen.fillStyle = colour;
    pen.beginPath();
    pen.roundRect(1, 1, width, 22, 3);
    pen.fill();
    pen.fillStyle = ink["bg-panel"];
    pen.font = `700 13px ${ink.font}`;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.fillText(text, width / 2 + 1, 12.5);
  });
}

function square(ink, { size, colour, turned = false, round = false, fill = "m-halo" }) {
  const box = size + 6;
  return picture(box, box, (pen) => {
    pen.translate(box / 2, box / 2);
    if (turned) pen.rotate(Math.PI / 4);
    pen.lineWidth = round ? 1.6 : 2;
    pen.strokeStyle = ink[colour];
    pen.fillStyle = fill ? ink[fill] : "transparent";
    pen.beginPath();
    if (round) pen.arc(0, 0, size / 2, 0, 7);
    else pen.rect(-size / 2, -size / 2, size, size);
    pen.fill();
    pen.stroke();
  });
}

/** A post: a square with a barrier; short: warning border and triangle; closed: crossed out; unknown: dashed, a question. */
function post(ink, state) {
  const colour = ink[{ manned: "ink-1", short: "warn", closed: "ink-3", unknown: "ink-2" }[state]];
  return picture(24, 24, (pen) => {
    pen.lineCap = "round";
    pen.fillStyle = ink["bg-panel"];
    pen.strokeStyle = ink["m-halo"];
    pen.lineWidth = 4;
    pen.beginPath();
    pen.roundRect(3, 3, 18, 18, 3);
    pen.stroke();
    pen.fill();
    pen.strokeStyle = colour;
    pen.lineWidth = state === "short" ? 2.2 : 1.8;
    if (state === "unknown") pen.setLineDash([3, 2.2]);
    pen.stroke();
    pen.setLineDash([]);
    pen.lineWidth = 1.6;
    if (state === "unknown") {
      pen.fillStyle = colour;
      pen.font = `700 13px ${ink.font}`;
      pen.textAlign = "center";
      pen.textBaseline = "middle";
      pen.fillText("?", 12, 12.5);
      return;
    }
    pen.stroke(
      new Path2D(
        state === "closed" ? "M8 8l8 8M16 8l-8 8" : "M8 18V7M8 9h9.5M12 9l-1.6 3.2M16 9l-1.6 3.2",
      ),
    );
    if (state !== "short") return;
    pen.fillStyle = colour;
    pen.fill(new Path2D("M16.5 13l4.2 7h-8.4z"));
  });
}

/** The three words of the law in order of their rank; a kind of another name takes the place its rank has. */
export function zoneColour(kind) {
  if (kind in PATTERNS) return kind;
  const ranked = [...boot.zone_kinds].sort((a, b) => b.rank - a.rank).map((entry) => entry.id);
  return Object.keys(PATTERNS)[Math.max(0, Math.min(2, ranked.indexOf(kind)))];
}

/**
 * @param {Record<string, string>} ink
 * @returns {Record<string, ImageData>} every picture by name, at two pixels per CSS pixel
 */
export function drawImages(ink) {
  const images = {
    "hatch-unknown": picture(8, 8, (pen) => hatch(pen, 8, 1, ink.unknown, 1)),
    "hatch-unassigned": unassigned(ink),
    "mark-over": triangle(ink, true, "warn"),
    "mark-under": triangle(ink, false, "m-label"),
    "mark-none": new ImageData(2, 2),
    "lock-shut": padlock(ink),
    "lock-none": new ImageData(2, 2),
    ...Object.fromEntries(
      Object.entries({ a: ink["side-a"], b: ink["side-b"], c: ink.peer }).flatMap(([side, colour], i) => [
        [`side-${side}`, badge("ABC"[i], colour, ink)],
        ...[..."ABCDEFGHIJKL"].map((letter) => [`side-${side}-${letter}`, badge(letter, colour, ink)]),
      ]),
    ),
    "side-new": badge(t("draw.tag"), ink["side-b"], ink),
    "side-none": new ImageData(2, 2), // a label without a letter
    vertex: square(ink, { size: 8, colour: "edit" }),
    "vertex-snap": square(ink, { size: 18, colour: "edit", round: true, fill: null }),
    "vertex-new": square(ink, { size: 9, colour: "select", turned: true }),
    "peer-tag": picture(12, 12, (pen) => {
      pen.fillStyle = ink.peer;
      pen.fillRect(0, 0, 12, 12);
    }),
    ...Object.fromEntries(["manned", "short", "closed", "unknown"].map((state) => [`post-${state}`, post(ink, state)])),
    gate: square(ink, { size: 7, colour: "ink-2", fill: "bg-panel" }),
  };
  for (const kind of boot.zone_kinds) {
    const colour = ink[`z-${zoneColour(kind.id)}`];
    const letter = kind.letter[boot.lang] ?? kind.letter.zh;
    images[`zone-${kind.id}`] = PATTERNS[zoneColour(kind.id)](ink);
    images[`badge-${kind.id}-in_force`] = badge(letter, colour, ink);
    images[`badge-${kind.id}-proposed`] = badge(`${letter}?`, colour, ink, 30);
    images[`badge-${kind.id}-lifted`] = badge(t("zone.lifted-letter"), ink["ink-3"], ink);
    if (!kind.drawn) Object.assign(images, { "badge-rest": badge(letter, colour, ink), "zones-rest": dots(colour) });
  }
  return images;
}

export const IMAGE_RATIO = RATIO;
