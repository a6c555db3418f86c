// What this browser remembers of finished pictures: names, job ids, small previews.

import { STORES, within } from "./database.js";

const MOST = 200;
const STORE = "pictures";

/** What is remembered, newest first: [{id, name, options, at, preview}]. Empty where storage is closed. */
export async function remembered() {
  try {
    return (await within(STORE, "readonly", (store) => store.getAll())).sort((a, b) => b.at - a.at);
  } catch {
    return [];
  }
}

/** Remember a picture; the oldest beyond 200 goes. */
export async function rememberPicture(entry) {
  try {
    await within(STORE, "readwrite", (store) => store.put({ ...entry, at: Date.now() }));
    for (const { id } of (await remembered()).slice(MOST)) await forget(id);
  } catch {
    // storage is closed to the page: then nothing is remembered
  }
}

const forget = (id) => within(STORE, "readwrite", (store) => store.delete(id)).catch(() => {});

/** Forget everything, the photographs too. */
export const forgetAll = () => Promise.all(STORES.map((name) => within(name, "readwrite", (store) => store.clear()).catch(() => {})));
