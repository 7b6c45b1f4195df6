// After a sign-out nothing on this phone shows what the account saw: the kept page, its list of places, its marks by door.
import { store } from "./store.js";

export const CHANNEL = "weige-report"; // pages of one browser tell each other
const PREFIX = "weige-report-";

/** The page as it was kept for starting without a network. */
export async function forgetPage() {
  if (!("caches" in globalThis)) return;
  for (const name of await caches.keys()) {
    if (!name.startsWith(PREFIX)) continue;
    const kept = await caches.open(name);
    for (const request of await kept.keys()) if (!new URL(request.url).pathname.startsWith("/static/")) await kept.delete(request);
  }
}

/** Everything but reports that the server has not got. @param {(account: string) => boolean} [whose] */
export async function forget(whose = () => true) {
  await Promise.allSettled([forgetPage(), store.forget(whose)]);
}
