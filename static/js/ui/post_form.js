// The form of a post: kind with its norm, hours, people, phone, the areas it serves. The same for a new one and an old one.
import { boot } from "../data/boot.js";
import { t } from "../data/i18n.js";
import { named } from "../data/named.js";
import { el } from "./dom.js";
import { field, refuse } from "./field.js";
import { places } from "./places.js";

const number = (text) => (text.trim() === "" ? null : /^\d+$/.test(text.trim()) ? Number(text) : text.trim());

let lastKind = null; // of the post saved last: several of a kind are placed one after the other

/** The norm of a kind fills hours and people as long as nobody typed other ones. */
function followKind(fields, kind) {
  let last = kind;
  return (next) => {
    const was = boot.post_kinds.find((entry) => entry.id === last),
      now = boot.post_kinds.find((entry) => entry.id === next);
    for (const name of ["hours", "required"]) {
      const { input } = fields[name];
      if (now && (input.value === "" || input.value === String(was?.[name] ?? ""))) input.value = String(now[name]);
    }
    fields.phone.node.querySelector("label").textContent = `${t("post.phone")}${now?.phone ? " *" : ""}`;
    last = next;
  };
}

/**
 * @param {object | null} post null: a new one
 * @param {Array<{code: string, name: string}>} near areas it may serve; those it serves already are added
 * @returns {{node: HTMLElement, values: () => object, refuse: (error: object) => void}}
 */
export function postForm(post, near) {
  const kinds = boot.post_kinds;
  const kind = post ? (post.kind ?? "") : (lastKind ?? kinds[0]?.id ?? "");
  const select = el(
    "select",
    { class: "input", name: "kind", "data-key": "post kind" },
    post && !kinds.some((entry) => entry.id === kind) ? el("option", { value: kind, selected: true }, kind || t("post.no-kind")) : null,
    kinds.map((entry) => el("option", { value: entry.id, selected: entry.id === kind }, named(kinds, entry.id))),
  );
  const norm = kinds.find((entry) => entry.id === kind);
  const text = (name, more = {}) =>
    field({
      label: t(`post.${name === "phone" ? "phone" : `field-${name}`}`),
      name,
      "data-key": `post ${name}`,
      value: post ? (post[name] ?? "") : (norm?.[name] ?? ""),
      ...more,
    });
  const fields = {
    kind: field({ label: t("post.field-kind"), input: select }),
    name: text("name", { maxlength: 60, value: post?.name ?? "" }),
    hours: text("hours", { placeholder: "07:00-23:00", maxlength: 20 }),
    required: text("required", { inputmode: "numeric" }),
    phone: text("phone", { maxlength: 40, value: post?.phone ?? "", inputmode: "tel" }),
    note: text("note", { maxlength: 200, value: post?.note ?? "" }),
  };
  if (!post) fields.present = text("present", { inputmode: "numeric", value: "", placeholder: t("value.unknown") });
  const follow = followKind(fields, kind);
  select.addEventListener("change", () => follow(select.value));
  follow(kind);
  const served = post?.areas ?? near.slice(0, 1);
  const listed = [...new Map([...served, ...near].map((area) => [area.code, area])).values()];
  const boxes = listed.map((area) => ({
    area,
    input: el("input", { type: "checkbox", checked: served.some((one) => one.code === area.code), "data-key": `serves ${area.code}` }),
  }));
  const rest = el("p", { class: "oops", role: "alert" });
  return {
    node: el(
      "form",
      { class: "form posts", onsubmit: (event) => event.preventDefault() },
      fields.kind.node,
      fields.name.node,
      fields.hours.node,
      fields.required.node,
      fields.present?.node ?? null,
      fields.phone.node,
      el("div", { class: "wide" }, fields.note.node),
      el(
        "fieldset",
        { class: "wide" },
        el("legend", { class: "t1" }, t("post.field-areas")),
        boxes.map(({ area, input }) =>
          el("label", { class: "check" }, input, places.title(area), " ", el("span", { class: "mute t1" }, area.code)),
        ),
        boxes.length ? null : el("p", { class: "hint" }, t("post.no-areas")),
      ),
      rest,
    ),
    values() {
      lastKind = select.value || lastKind;
      const typed = Object.fromEntries(Object.entries(fields).map(([name, { input }]) => [name, input.value.trim()]));
      return {
        kind: typed.kind || null,
        name: typed.name || null,
        hours: typed.hours || null,
        required: number(typed.required),
        phone: typed.phone || null,
        note: typed.note || null,
        ...(fields.present ? { present: number(typed.present) } : {}),
        areas: boxes.filter(({ input }) => input.checked).map(({ area }) => area.code),
      };
    },
    refuse(error) {
      for (const one of Object.values(fields)) one.oops(null);
      rest.textContent = "";
      refuse(error, fields, (words) => {
        rest.textContent = words;
      });
    },
  };
}
