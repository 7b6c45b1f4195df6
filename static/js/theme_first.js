// Sets the theme before the first paint, so that a dark room is not lit by a white page.
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem("weige.theme");
  } catch {
    /* a browser without storage follows the system */
  }
  const root = document.documentElement;
  const dark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark || root.dataset.density === "wall" ? "dark" : "light";
})();
