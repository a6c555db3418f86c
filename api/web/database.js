// This browser's own store (IndexedDB) for history.js and photographs.js. Where it is closed to the page, calls reject.

const NAME = "depthq";
const VERSION = 2;
export const STORES = ["pictures", "photographs"];

let opened;

function open() {
  opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, VERSION);
    asked.onupgradeneeded = () => {
      for (const name of STORES) {
        if (!asked.result.objectStoreNames.contains(name)) asked.result.createObjectStore(name, { keyPath: "id" });
      }
    };
    asked.onsuccess = () => {
      asked.result.onversionchange = () => { asked.result.close(); opened = null; }; // a newer page, in another tab
      resolve(asked.result);
    };
    asked.onerror = () => reject(asked.error);
    asked.onblocked = () => reject(new Error("an older page in another tab holds the store"));
  });
  return opened;
}

/** What `act(store)` asks of the store `name`; `mode` is "readonly" or "readwrite". */
export async function within(name, mode, act) {
  const asked = act((await open()).transaction(name, mode).objectStore(name));
  return new Promise((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
    asked.transaction.onabort = () => reject(asked.transaction.error); // full
  });
}
