// What this tab remembers across a reload: job ids, names and small previews.

import { PREVIEW, tab } from "./memory.js";

const LIST = "depthq.jobs";
const PREVIEW_PX = 720;

/** The remembered jobs, oldest first: [{id, name, options}]. */
export const load = () => tab.json(LIST, []);

/** Remember exactly `jobs`; previews of others are dropped. */
export function save(jobs) {
  tab.keepOnly(new Set(jobs.map((job) => PREVIEW + job.id)));
  tab.set(LIST, JSON.stringify(jobs));
}

/** Remember a small copy of the picture, so that a reloaded page can still compare. */
export async function savePreview(id, file) {
  try {
    const bitmap = await createImageBitmap(file);
    const scale = Math.min(1, PREVIEW_PX / Math.max(bitmap.width, bitmap.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    tab.set(PREVIEW + id, canvas.toDataURL("image/jpeg", 0.75).split(",")[1]);
  } catch {
    // a format this browser cannot show; the heat map alone will do
  }
}

/** The remembered small copy as a Blob, or null. */
export function loadPreview(id) {
  const text = tab.get(PREVIEW + id);
  if (!text) return null;
  return new Blob([Uint8Array.from(atob(text), (char) => char.charCodeAt(0))], { type: "image/jpeg" });
}
