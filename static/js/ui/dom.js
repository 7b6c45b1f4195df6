// Making elements without markup strings: el("button", { class: "btn", onclick }, "text", child).

const SVG = "http://www.w3.org/2000/svg";
const PICTURES = new Set(["svg", "path", "rect", "circle", "g", "line", "text", "use", "polyline"]);

/**
 * @param {string} tag
 * @param {Record<string, unknown>} [attributes] `on...` are listeners; null, undefined and false are left out; true
 *   is an empty attribute
 * @param {...(Node | string | number | null | undefined | false | Array)} children
 * @returns {HTMLElement}
 */
export function el(tag, attributes = {}, ...children) {
  const node = PICTURES.has(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked" || name === "indeterminate") node[name] = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(
    ...children
      .flat(4)
      .filter((child) => child !== null && child !== undefined && child !== false)
      .map((child) => (child instanceof Node ? child : String(child))),
  );
  return node;
}
