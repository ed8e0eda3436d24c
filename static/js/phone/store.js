// What the phone keeps, in IndexedDB: the news from the server, drafts, photos, and what waits to be sent.
//
// Page and service worker write here at once, so what is read to be changed is
// read in the transaction that writes it. Records of the outbox are the very
// text that is sent: a newer version of the page sends an old queue unread.

const NAME = "sista";
const VERSION = 1;
const STORES = { keep: undefined, drafts: "key", photos: "key", outbox: "uuid" };

let opened;

function open() {
  opened ||= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      for (const [store, keyPath] of Object.entries(STORES)) {
        if (!request.result.objectStoreNames.contains(store)) request.result.createObjectStore(store, { keyPath });
      }
    };
    request.onsuccess = () => {
      // A newer page must not wait for this one.
      request.result.onversionchange = () => request.result.close();
      request.result.onclose = () => { opened = undefined; };
      resolve(request.result);
    };
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("blocked"));
  });
  opened.catch(() => { opened = undefined; });
  return opened;
}

export const answer = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

/** Run `work` with the named stores in one transaction; resolves with its result once that is on the disk. */
export async function change(stores, work) {
  const database = await open();
  const transaction = database.transaction(stores, "readwrite", { durability: "strict" });
  const done = new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error || new Error("aborted"));
  });
  done.catch(() => {}); // `work` may fail first
  let result;
  try {
    result = await work(...stores.map((store) => transaction.objectStore(store)));
  } catch (error) {
    try { transaction.abort(); } catch { /* it has ended by itself */ }
    throw error;
  }
  await done;
  return result;
}

export async function get(store, key) {
  return answer((await open()).transaction(store).objectStore(store).get(key));
}

export async function all(store) {
  return answer((await open()).transaction(store).objectStore(store).getAll());
}

/** What `person` keeps here: {outbox, photos, drafts}. */
export async function keptOf(person) {
  const mine = async (store) => (await all(store)).filter((record) => record.person === person);
  return { outbox: await mine("outbox"), photos: await mine("photos"), drafts: await mine("drafts") };
}

export const isoNow = () => new Date().toISOString();

export const photoKey = (person, sha256) => `${person} ${sha256}`;

export const put = (store, value, key) => change([store], (target) => answer(target.put(value, key)));

export const remove = (store, key) => change([store], (target) => answer(target.delete(key)));

/** Change one record in place; nothing happens when it is gone. Returns what it is now. */
export const update = (store, key, edit) => change([store], async (target) => {
  const record = await answer(target.get(key));
  if (!record) return undefined;
  Object.assign(record, edit(record));
  await answer(target.put(record));
  return record;
});

/** True when this browser really keeps things: some private windows open a database and fail to write. */
export async function works() {
  try {
    await put("keep", Date.now(), "probe");
    return (await get("keep", "probe")) > 0;
  } catch {
    return false;
  }
}

/** Ask that the browser does not clear this under pressure; it may say no. */
export const persist = async () => navigator.storage?.persist?.().catch(() => false);

export const isFull = (error) => /quota/i.test(error);

// Page and worker tell one another of changes.

const channel = globalThis.BroadcastChannel && new BroadcastChannel("sista");

let changed = () => {};

export function announce() {
  channel.postMessage("changed");
  // A channel does not speak to itself.
  changed();
}

export function onChange(listener) {
  changed = listener;
  channel.addEventListener("message", listener);
}
