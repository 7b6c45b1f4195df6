// One's own account: password, language, where one is signed in; only the password while the present one is another's.
import { api } from "../data/api.js";
import { boot } from "../data/boot.js";
import { format } from "../data/format.js";
import { t } from "../data/i18n.js";
import { el } from "../ui/dom.js";
import { icon } from "../ui/icon.js";
import { passwordForm } from "../ui/password_form.js";
import { toast } from "../ui/toast.js";
import { open } from "./frame.js";

const card = (title, ...content) => el("section", { class: "card" }, el("h2", {}, title), ...content);

/** "Chromium · Linux" of what a browser says of itself */
function browser(agent) {
  const name = [["Edg/", "Edge"], ["Firefox/", "Firefox"], ["Chrome/", "Chromium"], ["Safari/", "Safari"]].find(([mark]) => agent.includes(mark));
  const system = [["Windows", "Windows"], ["Android", "Android"], ["iPhone", "iPhone"], ["iPad", "iPad"], ["Mac OS", "macOS"], ["Linux", "Linux"]].find(([mark]) => agent.includes(mark));
  return [name?.[1], system?.[1]].filter(Boolean).join(" · ") || t("own.unknown-browser");
}

function sessions(list) {
  return list.map((one) =>
    el(
      "li",
      {},
      icon(one.own ? "ok" : "person", "s"),
      el("span", {}, browser(one.agent ?? ""), " ", el("small", {}, one.address ?? "")),
      el("small", {}, one.own ? t("own.here") : t("own.since", { since: format.time(one.since), seen: format.time(one.seen) })),
    ),
  );
}

async function start() {
  if (boot.account.must_change) {
    open(t("password.first-title"), [
      el(
        "section",
        { class: "card" },
        el("p", {}, t("password.first")),
        passwordForm({ onDone: () => location.assign(boot.account.roles.length && boot.account.roles.every(({ role }) => role === "reporter") ? boot.urls.report_page : "/") }),
      ),
    ]);
    document.querySelector("[name=old]").focus();
    return;
  }
  const own = await api.get(boot.urls.own);
  const list = el("ul", { class: "sessions" }, ...sessions(own.sessions));
  const others = el(
    "button",
    {
      class: "btn",
      type: "button",
      "data-key": "end-others",
      disabled: own.sessions.length < 2,
      onclick: async () => {
        try {
          const told = await api.delete(boot.urls.own_sessions);
          list.replaceChildren(...sessions(told.sessions));
          others.disabled = told.sessions.length < 2;
          toast(t("own.ended", { n: told.ended, count: told.ended }));
        } catch (error) {
          toast(error.text, { kind: "bad" });
        }
      },
    },
    t("own.end-others"),
  );
  const language = (lang, word) =>
    el(
      "button",
      {
        class: "tg",
        type: "button",
        lang: lang === "zh" ? "zh-CN" : "en",
        "aria-pressed": String(boot.lang === lang),
        onclick: async () => {
          try {
            await api.patch(boot.urls.own, { body: { lang } });
            location.reload();
          } catch (error) {
            toast(error.text, { kind: "bad" });
          }
        },
      },
      word,
    );
  const roles = own.roles.map(({ role, area }) =>
    el("li", {}, el("b", {}, t(`role.${role}`)), " ", area ? `${area.name || area.code}` : t("accounts.everything"), el("small", {}, t(`role.${role}.may`))),
  );
  const box = el("div", {});
  const fresh = () =>
    box.replaceChildren(
      passwordForm({
        onDone: () => {
          toast(t("password.saved"));
          fresh();
          api.get(boot.urls.own).then((told) => {
            list.replaceChildren(...sessions(told.sessions));
            others.disabled = told.sessions.length < 2;
          });
        },
      }),
    );
  fresh();
  open(t("office.own_account"), [
    el(
      "div",
      { class: "cards" },
      el(
        "div",
        { class: "stack" },
        card(
          own.label,
          el("p", { class: "mute" }, t("sign-in.account"), " ", el("b", {}, own.name)),
          el("ul", { class: "roles" }, ...(roles.length ? roles : [el("li", {}, t("own.no-role"))])),
        ),
        card(t("own.language"), el("div", { class: "seg", role: "group", "aria-label": t("own.language") }, language("zh", "中文"), language("en", "English"))),
        card(t("own.sessions"), list, others),
      ),
      card(t("own.password"), el("p", { class: "mute" }, t("own.password-note")), box),
    ),
  ]);
}

start();
