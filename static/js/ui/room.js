// The part of the map that can be seen: on narrow screens the panel lies over its edge.
const EDGE_PX = 8;
const SHEET_SHARE = 0.45; // of the map, under a sheet of middle height: what is gone to must be seen above it

/** How much of the map lies under the panel, in pixels. @returns {{right: number, bottom: number}} */
function covered() {
  const map = document.getElementById("map").getBoundingClientRect(),
    panel = document.getElementById("side")?.getBoundingClientRect(); // the command page has none
  if (!panel?.width || !panel.height) return { right: 0, bottom: 0 };
  const beside = panel.left > map.left && panel.left < map.right && panel.top <= map.top + EDGE_PX;
  const below = panel.top > map.top + EDGE_PX && panel.top < map.bottom;
  return { right: beside ? map.right - panel.left : 0, bottom: below ? map.bottom - panel.top : 0 };
}

export const room = {
  EDGE_PX,
  covered,

  /** A sheet of full height leaves no room for a place somebody goes to. */
  make() {
    const side = document.getElementById("side");
    if (side?.dataset.sheet === "high") side.dataset.sheet = "mid";
  },

  /** What will be covered once the card of a place is shown. @returns {{right: number, bottom: number}} */
  toBeCovered() {
    const { right, bottom } = covered();
    return { right, bottom: bottom && SHEET_SHARE * document.getElementById("map").clientHeight };
  },
};
