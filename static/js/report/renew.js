// Draws a part of the page anew without taking the focus, or the place one has scrolled to, from under the fingers.

/**
 * @param {HTMLElement} host what carries `data-key` keeps the focus
 * @param {Node[]} nodes
 */
export function renew(host, nodes) {
  const inside = host.contains(document.activeElement) ? document.activeElement : null;
  const key = inside?.closest("[data-key]")?.dataset.key;
  const scrolled = [host, ...host.querySelectorAll("[data-scroll]")].map((node) => [node.dataset.scroll ?? "", node.scrollTop]);
  host.replaceChildren(...nodes.filter(Boolean));
  for (const [name, top] of scrolled) {
    const node = name ? host.querySelector(`[data-scroll="${name}"]`) : host;
    if (node) node.scrollTop = top;
  }
  if (key) host.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}
