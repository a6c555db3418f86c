// What this tab remembers across a reload: job ids, names and small previews, in sessionStorage.

const LIST = "depthq.jobs";
const PREVIEW = "depthq.preview.";
const PREVIEW_PX = 720;

/** The remembered jobs, oldest first: [{id, name, options}]. */
export function load() {
  try {
    return JSON.parse(sessionStorage.getItem(LIST)) ?? [];
  } catch {
    return [];
  }
}

/** Remember exactly `jobs`; previews of others are dropped. */
export function save(jobs) {
  const kept = new Set(jobs.map((job) => PREVIEW + job.id));
  for (const name of Object.keys(sessionStorage)) {
    if (name.startsWith(PREVIEW) && !kept.has(name)) sessionStorage.removeItem(name);
  }
  keep(LIST, JSON.stringify(jobs));
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
    keep(PREVIEW + id, canvas.toDataURL("image/jpeg", 0.75).split(",")[1]);
  } catch {
    // a format this browser cannot show; the heat map alone will do
  }
}

/** The remembered small copy as a Blob, or null. */
export function loadPreview(id) {
  const text = sessionStorage.getItem(PREVIEW + id);
  if (!text) return null;
  return new Blob([Uint8Array.from(atob(text), (char) => char.charCodeAt(0))], { type: "image/jpeg" });
}

function keep(name, value) {
  try {
    sessionStorage.setItem(name, value);
  } catch {
    // full (about 5 MB): the oldest previews make room for the list, the newest are not kept
    if (name !== LIST) return;
    for (const other of Object.keys(sessionStorage)) {
      if (other.startsWith(PREVIEW)) sessionStorage.removeItem(other);
    }
    sessionStorage.setItem(name, value);
  }
}
