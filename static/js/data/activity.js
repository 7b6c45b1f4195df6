// When somebody last touched this page: what a page asks for on its own must keep no session awake.

const INPUTS = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"];
let last = Date.now();
for (const kind of INPUTS)
  addEventListener(
    kind,
    () => {
      last = Date.now();
    },
    { capture: true, passive: true },
  );

export const activity = {
  /** @returns {number} whole seconds since the last press, key, move or turn of the wheel */
  idle: () => Math.floor((Date.now() - last) / 1000),
};
