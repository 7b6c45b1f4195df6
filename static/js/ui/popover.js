// A small list that opens at a button: siblings, layers, metrics, user menu. Arrow keys walk, Esc closes.
import { el } from "./dom.js";

let open = null;

function place(box, anchor, side) {
  const at = anchor.getBoundingClientRect(),
    size = box.getBoundingClientRect();
  const left = Math.max(8, Math.min(innerWidth - size.width - 8, side === "right" ? at.right - size.width : at.left));
  const below = at.bottom + 4 + size.height < innerHeight;
  box.style.left = `${left}px`;
  box.style.top = `${Math.max(8, below ? at.bottom + 4 : at.top - size.height - 4)}px`;
}

export const popover = {
  /** @returns {boolean} whether one was open */
  shut() {
    if (!open) return false;
    const { box, anchor, onkey, onpress } = open;
    open = null;
    removeEventListener("keydown", onkey, true);
    removeEventListener("pointerdown", onpress, true);
    const inside = box.contains(document.activeElement);
    box.remove();
    anchor.setAttribute("aria-expanded", "false");
    if (inside) anchor.focus();
    return true;
  },

  /**
   * @param {HTMLElement} anchor
   * @param {Node[]} content items carry the class `mi`
   * @param {{side?: "left" | "right", label?: string}} [options]
   */
  show(anchor, content, { side = "left", label = "" } = {}) {
    const again = open?.anchor === anchor;
    popover.shut();
    if (again) return null;
    const box = el("div", { class: "pop", role: "dialog", "aria-label": label }, ...content);
    const items = () =>
      [...box.querySelectorAll(".mi:not(label), input")].filter((item) => !item.disabled && item.offsetParent !== null);
    const onkey = (event) => {
      if (event.key === "Escape") {
        event.preventDefault();
        event.stopPropagation();
        popover.shut();
      }
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        event.stopPropagation();
        const all = items(),
          now = all.indexOf(document.activeElement);
        all[(now + (event.key === "ArrowDown" ? 1 : -1) + all.length) % all.length]?.focus();
      }
    };
    const onpress = (event) => {
      if (box.contains(event.target) || anchor.contains(event.target)) return;
      popover.shut();
      const map = event.pointerType === "touch" && event.target.closest?.("#canvas");
      if (!map) return;
      // closing the list was all it was for: what is being drawn gets no point of it
      const swallow = (click) => click.stopPropagation();
      map.addEventListener("click", swallow, { capture: true, once: true });
      addEventListener("pointerdown", () => map.removeEventListener("click", swallow, true), { capture: true, once: true });
    };
    document.body.append(box);
    box.style.position = "fixed";
    place(box, anchor, side);
    anchor.setAttribute("aria-expanded", "true");
    open = { box, anchor, onkey, onpress };
    addEventListener("keydown", onkey, true);
    addEventListener("pointerdown", onpress, true);
    items()[0]?.focus();
    return box;
  },
};
