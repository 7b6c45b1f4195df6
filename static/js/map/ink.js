// Reads the tokens of css/tokens.css, so that the map and the page can never disagree on a colour.

/** @returns {Proxy<Record<string, string>>} ink["m-land"] -> the value of --m-land in the theme of this moment */
export function readInk() {
  const style = getComputedStyle(document.documentElement);
  return new Proxy({}, { get: (_, name) => style.getPropertyValue(`--${String(name)}`).trim() });
}
