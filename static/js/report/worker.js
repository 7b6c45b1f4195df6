// Lets the phone page start without a network. The server puts SHELL before this text: version, address of the page, files.
// The page itself is asked for first and only kept for when nobody answers; files carry their version and never change.
/* global SHELL */

const CACHE = `weige-report-${SHELL.version}`,
  OURS = "weige-report-",
  PATIENCE_MS = 4000; // a network that says nothing for so long is taken for none

async function fill() {
  const cache = await caches.open(CACHE);
  await Promise.all(
    SHELL.files.map(async (url) => {
      const known = await caches.match(url);
      if (known) await cache.put(url, known);
      else await cache.add(url);
    }),
  );
  await fetch(SHELL.page, { credentials: "same-origin" }).then(keep, () => null);
  await self.skipWaiting();
}

/** Keeps the page when it is one: not the way to the sign-in page, not an error. */
async function keep(answer) {
  if (!answer.ok || answer.redirected || new URL(answer.url).pathname !== SHELL.page) return;
  await (await caches.open(CACHE)).put(SHELL.page, answer.clone());
}

async function renew() {
  for (const name of await caches.keys()) if (name.startsWith(OURS) && name !== CACHE) await caches.delete(name);
  await self.clients.claim();
}

async function page(event) {
  const asked = fetch(event.request).then(async (answer) => {
    await keep(answer);
    return answer;
  });
  event.waitUntil(asked.catch(() => null));
  const kept = await (await caches.open(CACHE)).match(SHELL.page);
  if (!kept) return asked;
  const late = new Promise((resolve) => {
    setTimeout(resolve, PATIENCE_MS);
  });
  const first = await Promise.race([asked.catch(() => null), late]);
  if (first && first.status < 500) return first;
  return (await (await caches.open(CACHE)).match(SHELL.page)) ?? asked;
}

async function file(event) {
  const kept = await caches.match(event.request);
  if (kept) return kept;
  const answer = await fetch(event.request);
  if (answer.ok && new URL(event.request.url).searchParams.has("v")) {
    const copy = answer.clone();
    event.waitUntil(caches.open(CACHE).then((cache) => cache.put(event.request, copy)));
  }
  return answer;
}

self.addEventListener("install", (event) => event.waitUntil(fill()));
self.addEventListener("activate", (event) => event.waitUntil(renew()));
self.addEventListener("fetch", (event) => {
  const { method, url, mode } = event.request;
  const { origin, pathname } = new URL(url);
  if (method !== "GET" || origin !== self.location.origin) return;
  if (mode === "navigate" && pathname === SHELL.page) event.respondWith(page(event));
  else if (pathname.startsWith("/static/")) event.respondWith(file(event));
});
