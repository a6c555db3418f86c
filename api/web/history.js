// What this browser remembers of finished pictures, in IndexedDB: names, job ids, small previews.

const MOST = 200;
const STORE = "pictures";

let opened;

function open() {
  opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open("depthq", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE, { keyPath: "id" });
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  return opened;
}

async function within(mode, act) {
  const store = (await open()).transaction(STORE, mode).objectStore(STORE);
  const asked = act(store);
  return new Promise((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

/** What is remembered, newest first: [{id, name, options, at, preview}]. Empty where storage is closed. */
export async function remembered() {
  try {
    return (await within("readonly", (store) => store.getAll())).sort((a, b) => b.at - a.at);
  } catch {
    return [];
  }
}

/** Remember a picture; the oldest beyond 200 goes. */
export async function rememberPicture(entry) {
  try {
    await within("readwrite", (store) => store.put({ ...entry, at: Date.now() }));
    for (const { id } of (await remembered()).slice(MOST)) await forget(id);
  } catch {
    // storage is closed to the page: then nothing is remembered
  }
}

const forget = (id) => within("readwrite", (store) => store.delete(id)).catch(() => {});

/** Forget everything. */
export const forgetAll = () => within("readwrite", (store) => store.clear()).catch(() => {});
