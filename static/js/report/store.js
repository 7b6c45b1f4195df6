// What the phone keeps: reports on their way, marks by door, the last list of places. One IndexedDB; rows carry their account.

const NAME = "weige-report",
  VERSION = 1,
  KEPT_RECEIVED = 300; // received reports shown in the log; older ones go

const told = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

let opened = null;

function open() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      const base = request.result;
      base.createObjectStore("queue", { keyPath: "id" }).createIndex("account", "account");
      base.createObjectStore("marks", { keyPath: ["account", "key"] });
      base.createObjectStore("kept", { keyPath: "account" });
    };
    request.onsuccess = () => {
      request.result.onversionchange = () => request.result.close();
      resolve(request.result);
    };
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("blocked"));
  });
  return opened;
}

/** Runs `act` in one transaction; what it answers counts only when the phone has really written it. */
async function within(mode, act) {
  const base = await open();
  const names = ["queue", "marks", "kept"];
  const transaction = base.transaction(names, mode, { durability: "strict" });
  const done = new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error ?? new Error("abort"));
  });
  done.catch(() => {}); // asked for below, when `act` has not failed before
  const tables = Object.fromEntries(names.map((name) => [name, transaction.objectStore(name)]));
  try {
    const answer = await act(tables);
    await done;
    return answer;
  } catch (error) {
    if (transaction.error === null)
      try {
        transaction.abort();
      } catch {
        /* over already */
      }
    throw error;
  }
}

const ofAccount = (account) => IDBKeyRange.bound([account], [account, []]);

export const store = {
  /** @returns {Promise<{items: object[], marks: object[], kept: object | undefined}>} all that belongs to the account */
  load: (account) =>
    within("readonly", async ({ queue, marks, kept }) => {
      const [items, records, row] = await Promise.all([
        told(queue.index("account").getAll(account)),
        told(marks.getAll(ofAccount(account))),
        told(kept.get(account)),
      ]);
      return { items, marks: records, kept: row };
    }),

  /**
   * Reads the record of a place and the report that is still being gathered, lets `change` say what becomes of them, and
   * keeps both or neither.
   * @param {(record: object | undefined, item: object | undefined) => {record?: object, item?: object}} change
   */
  change: (account, key, change) =>
    within("readwrite", async ({ queue, marks }) => {
      const record = await told(marks.get([account, key]));
      const item = record?.gathering ? await told(queue.get(record.gathering)) : undefined;
      const next = change(record, item);
      if (next.record) marks.put({ ...next.record, account, key });
      if (next.item) queue.put({ ...next.item, account });
      return next;
    }),

  /** Puts reports as they are now. @param {object[]} items */
  put: (items) =>
    within("readwrite", ({ queue }) => {
      for (const item of items) queue.put(item);
    }),

  /** Marks reports as on their way: those that were changed or taken meanwhile are left out. @returns {Promise<object[]>} */
  take: (ids, how) =>
    within("readwrite", async ({ queue }) => {
      const taken = [];
      for (const id of ids) {
        const item = await told(queue.get(id));
        const next = item && how(item);
        if (next) {
          queue.put(next);
          taken.push(next);
        }
      }
      return taken;
    }),

  /** Marks made before a round was known belong to this one. */
  adopt: (account, round) =>
    within("readwrite", async ({ marks }) => {
      for (const record of await told(marks.getAll(ofAccount(account)))) if (record.round === null) marks.put({ ...record, round });
    }),

  /** @param {object} row what is kept of the server's answer */
  keep: (account, row) =>
    within("readwrite", async ({ kept }) => {
      kept.put({ ...(await told(kept.get(account))), ...row, account });
    }),

  /** Received reports beyond the newest go. */
  tidy: (account) =>
    within("readwrite", async ({ queue }) => {
      const received = (await told(queue.index("account").getAll(account))).filter((item) => item.state === "received");
      received.sort((one, other) => other.made - one.made);
      for (const item of received.slice(KEPT_RECEIVED)) queue.delete(item.id);
    }),

  /** @param {string} id of a refused report that nobody wants to send again */
  drop: (id) =>
    within("readwrite", ({ queue }) => {
      queue.delete(id);
    }),

  /**
   * Forgets what is known of accounts; reports the server has not got stay, and go out when their account is back.
   * @param {(account: string) => boolean} whose
   */
  forget: (whose) =>
    within("readwrite", async ({ queue, marks, kept }) => {
      for (const item of await told(queue.getAll())) {
        if (!whose(item.account)) continue;
        if (item.state === "received") queue.delete(item.id);
        else queue.put({ ...item, name: null }); // names of places are the account's, too
      }
      for (const key of await told(marks.getAllKeys())) if (whose(key[0])) marks.delete(key);
      for (const key of await told(kept.getAllKeys())) if (whose(key)) kept.delete(key);
    }),
};
