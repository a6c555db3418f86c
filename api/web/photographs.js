// The photographs themselves, kept in this browser so that more can be made of them after a reload.

import { within } from "./database.js";

const STORE = "photographs";
const MOST = 60;
const MOST_BYTES = 300e6;

/** Which of `kept` ({id, at, bytes}) exceed `most` photographs or `mostBytes`, the oldest first to go: their ids. */
export function beyond(kept, most = MOST, mostBytes = MOST_BYTES) {
  let sum = 0;
  const newest = [...kept].sort((a, b) => b.at - a.at);
  return newest.filter(({ bytes }, at) => (sum += bytes) > mostBytes || at >= most).map(({ id }) => id);
}

/** Keep `file`, the photograph of the job `id`; the oldest make room. */
export async function keepPhotograph(id, file) {
  if (file.size > MOST_BYTES) return;
  try {
    await within(STORE, "readwrite", (store) => store.put({ id, file, bytes: file.size, at: Date.now() }));
    const kept = await within(STORE, "readonly", (store) => store.getAll());
    for (const old of beyond(kept)) await forgetPhotograph(old);
  } catch {
    // closed or full: then it is given again when it is needed
  }
}

/** The names of all photographs that are kept. */
export const names = async () => (await within(STORE, "readonly", (store) => store.getAll())).map(({ file }) => file.name);

export const forgetPhotograph = (id) => within(STORE, "readwrite", (store) => store.delete(id)).catch(() => {});

/** What a picture that is shown again begins with: its photograph if it is kept, or else its small `preview`. */
export async function restored({ id, name, options, preview }) {
  const kept = await within(STORE, "readonly", (store) => store.get(id)).catch(() => null);
  const file = kept?.file;
  return { id, name, options, file, source: file ?? preview, state: "queued" };
}
