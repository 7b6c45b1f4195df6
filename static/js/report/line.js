// The line to the server: JSON with a limit of time. It never asks for a password by itself: reports wait, work goes on.
import { activity } from "../data/activity.js";
import { ApiError } from "../data/api.js";
import { boot } from "../data/boot.js";
import { t } from "../data/i18n.js";
import { page } from "../data/page.js";

const LIMIT_MS = 20_000,
  SKEW_KEY = "weige.report.skew";

/** Milliseconds the server's clock is ahead of this phone's; the last that was measured. */
let skew = 0;
try {
  skew = Number(localStorage.getItem(SKEW_KEY)) || 0;
} catch {
  /* measured anew at the first answer */
}

function measure(answer, asked) {
  const at = Date.parse(answer.headers.get("Date") ?? "");
  if (Number.isNaN(at)) return;
  const ahead = at + 500 - (asked + Date.now()) / 2; // the header tells whole seconds
  const unsure = 2000 + (Date.now() - asked) / 2; // nobody knows when on its way the answer was written
  if (Math.abs(ahead - skew) < unsure) return;
  skew = Math.abs(ahead) < 2000 ? 0 : Math.round(ahead);
  try {
    localStorage.setItem(SKEW_KEY, String(skew));
  } catch {
    /* this page only */
  }
}

/** The session's token anew, when the browser is still signed in as this account. @returns {Promise<boolean>} */
async function freshToken() {
  const answer = await fetch(boot.urls.report_page, { credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(LIMIT_MS) });
  const found = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("boot");
  const told = found ? JSON.parse(found.textContent) : null;
  if (told?.account.name !== boot.account.name) return false;
  boot.csrf = told.csrf;
  return true;
}

async function ask(method, url, body, again = false) {
  const asked = Date.now();
  let answer, told;
  try {
    answer = await fetch(url, {
      method,
      credentials: "same-origin",
      signal: AbortSignal.timeout(LIMIT_MS),
      headers: {
        Accept: "application/json",
        "X-Idle": String(activity.idle()),
        ...(method === "GET" ? {} : { "Content-Type": "application/json", "X-CSRF-Token": boot.csrf }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    told = await answer.json().catch(() => ({ code: "server", detail: `${answer.status} ${answer.statusText}` }));
    if (answer.ok && told.code === "server") throw new Error("cut"); // the answer broke off
  } catch {
    page.set({ offline: page.offline || new Date() });
    throw new ApiError(0, { code: "offline", detail: t("error.offline") });
  }
  page.set({ offline: false });
  measure(answer, asked);
  if (answer.ok) return told;
  if (told.code === "bad-csrf" && !again) {
    // Somebody signed in anew in another tab. The same account: its token; another one: as if signed out.
    if (await freshToken().catch(() => false)) return ask(method, url, body, true);
    throw new ApiError(401, { code: "not-signed-in", detail: told.detail });
  }
  const error = new ApiError(answer.status, told);
  error.after = Number(answer.headers.get("Retry-After")) * 1000 || 0;
  throw error;
}

/** Ends the session; also when it is over already. Throws when the server cannot be asked. */
async function leave(again = false) {
  let answer;
  try {
    answer = await fetch(boot.urls.sign_out, {
      method: "POST",
      credentials: "same-origin",
      redirect: "manual",
      signal: AbortSignal.timeout(LIMIT_MS),
      headers: { "X-CSRF-Token": boot.csrf },
    });
    if (answer.type === "opaqueredirect" || answer.status !== 400) return;
    if (again || !(await freshToken())) return;
  } catch {
    throw new ApiError(0, { code: "offline", detail: t("error.offline") });
  }
  await leave(true);
}

const filled = (template, path = {}) => template.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(path[name]));

export const line = {
  get: (url, path) => ask("GET", filled(url, path)),
  post: (url, body, path) => ask("POST", filled(url, path), body),
  leave: () => leave(),
  /** The time as the server's clock has it, in milliseconds. */
  now: () => Date.now() + skew,
};
