// Light or dark: kept in this browser, told to whoever paints by himself (the map).

const watchers = new Set();

export const theme = {
  /** @returns {"light"|"dark"} */
  now: () => (document.documentElement.dataset.theme === "dark" ? "dark" : "light"),
  /** @param {"light"|"dark"} name */
  set(name) {
    document.documentElement.dataset.theme = name;
    try {
      localStorage.setItem("weige.theme", name);
    } catch {
      /* stays for this page only */
    }
    for (const watcher of watchers) watcher(name);
  },
  /** @param {(name: string) => void} watcher */
  watch: (watcher) => watchers.add(watcher),
};
