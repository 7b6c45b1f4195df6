// Cards are drawn anew when their numbers or ages change: what is the same stays, and the focus stays where it was.

/**
 * @param {HTMLElement} host
 * @param {...(Node | string | null | false)} nodes
 */
export function fill(host, ...nodes) {
  const made = document.createElement("div");
  made.append(...nodes.flat(3).filter((node) => node !== null && node !== undefined && node !== false));
  if (made.childNodes.length === host.childNodes.length && [...made.childNodes].every((node, i) => node.isEqualNode(host.childNodes[i]))) return;
  const key = host.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  host.replaceChildren(...made.childNodes);
  if (key) host.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus();
}
