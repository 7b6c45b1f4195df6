// Talking to the server: JSON in, JSON out; every refusal is an ApiError with code and place.
import { activity } from "./activity.js";
import { boot } from "./boot.js";
import { format } from "./format.js";
import { t } from "./i18n.js";
import { page } from "./page.js";

const FIELDS = ["area", "lattice", "post", "briefing"];

/** What the page calls a field of a form. */
function fieldName(name) {
  return FIELDS.map((group) => `${group}.${name}`).map((key) => [key, t(key)]).find(([key, words]) => words !== key)?.[1] ?? name;
}

/**
 * A refusal. `code` is translated by `error.<code>`; `where` is (lon, lat) or null; `body` holds all the server said.
 */
export class ApiError extends Error {
  constructor(status, body) {
    super(body.detail ?? body.title ?? body.code);
    this.status = status;
    this.code = body.code ?? String(status);
    this.where = body.where ?? null;
    this.body = body;
  }

  /** The sentence to show: ours for what was wrong exactly, else for the code; the server's own is English. */
  get text() {
    const { why, fields, distance_m: short } = this.body,
      key = `error.${this.code}`;
    const values = { ...this.body, fields: format.list((fields ?? []).map(fieldName)) };
    if (typeof short === "number") values.m = format.length(short);
    const said = [why && `${key}.${why}`, fields?.length && `${key}.fields`, key]
      .filter(Boolean)
      .map((one) => [one, t(one, values)])
      .find(([one, words]) => words !== one && !/\{\w+\}/.test(words));
    return said?.[1] ?? (boot.lang === "en" ? this.message : t("error.edit-refused"));
  }
}

/** Fills "/api/areas/{code}" and appends the query, leaving out what is null. */
function address(template, { path = {}, query = {} } = {}) {
  const filled = template.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(path[name]));
  const search = new URLSearchParams(
    Object.entries(query).filter(([, value]) => value !== null && value !== undefined),
  );
  return search.size ? `${filled}?${search}` : filled;
}

async function ask(method, template, options = {}) {
  const { body, signal } = options;
  let answer;
  try {
    answer = await fetch(address(template, options), {
      method,
      signal,
      credentials: "same-origin",
      headers: {
        Accept: "application/json",
        "X-Idle": String(activity.idle()),
        ...(method === "GET" ? {} : { "Content-Type": "application/json", "X-CSRF-Token": boot.csrf }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    page.set({ offline: page.offline || new Date() });
    throw new ApiError(0, { code: "offline", detail: t("error.offline") });
  }
  page.set({ offline: false });
  if (answer.status === 204) return null;
  const told = await answer.json().catch((error) => {
    if (error.name === "AbortError") throw error;
    return { code: "server", detail: `${answer.status} ${answer.statusText}` };
  });
  if (answer.ok) return told;
  const error = new ApiError(answer.status, told);
  if (answer.status === 401 && error.code !== "wrong-password" && api.signInAgain) {
    await api.signInAgain();
    return ask(method, template, options);
  }
  if (told.code === "read-only") page.set({ closed: { reason: told.reason, note: told.note, at: told.at } });
  throw error;
}

const QUIET = [boot.urls.preview, boot.urls.presence]; // posts that write no revision
const WRITTEN_MS = 3000;
const underWay = new Set();

/** A request that may write: the stream tells its revision perhaps before the answer is here. */
function change(method, template, options) {
  const asked = ask(method, template, options);
  if (QUIET.includes(template)) return asked;
  underWay.add(asked);
  const noted = (told) => {
    underWay.delete(asked);
    if (typeof told?.rev === "number") api.own.add(told.rev);
  };
  asked.then(noted, noted);
  return asked;
}

export const api = {
  get: (template, options) => ask("GET", template, options),
  post: (template, options) => change("POST", template, options),
  patch: (template, options) => change("PATCH", template, options),
  delete: (template, options) => change("DELETE", template, options),
  /** Revisions this page wrote. @type {Set<number>} */
  own: new Set(),
  /** Resolves when nothing is being written, or it takes too long. */
  written: () =>
    Promise.race([Promise.allSettled(underWay), new Promise((resolve) => setTimeout(resolve, WRITTEN_MS))]),
  /** Set by the sign-in dialog: resolves when the person has signed in again. @type {(() => Promise<void>) | null} */
  signInAgain: null,
};
