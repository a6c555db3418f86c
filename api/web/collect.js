// Pictures come in by picking, dropping (folders too) and pasting; out goes a list of files.

import { isHidden, isPicture, isVideo } from "./kinds.js";

async function* walk(entry) {
  if (isHidden(entry.name)) return;
  if (entry.isFile) {
    yield await new Promise((resolve) => entry.file(resolve, () => resolve(null))); // null: unreadable
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const batch = await new Promise((resolve) => reader.readEntries(resolve, () => resolve([])));
    if (!batch.length) return; // readEntries hands out at most 100 at a time
    for (const child of batch) yield* walk(child);
  }
}

async function dropped(transfer, take, leave) {
  // Both lists are emptied as soon as the handler yields: read them before any await.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const files = [...transfer.files];
  const folders = entries.filter((entry) => entry.isDirectory);
  const names = new Set(folders.map((folder) => folder.name));
  take(files.filter((file) => !(names.has(file.name) && !file.type)));
  for (const folder of folders) {
    const inside = []; // as one: whether they are many decides what becomes of them
    const left = { videos: 0, others: 0 }; // a folder holds other things too
    for await (const file of walk(folder)) {
      if (file && isPicture(file)) inside.push(file);
      else left[file && isVideo(file) ? "videos" : "others"] += 1;
    }
    take(inside);
    leave({ folder: folder.name, pictures: inside.length, ...left });
  }
}

/** Call `take(files)` for whatever the visitor brings, `leave(counts)` for each folder; once `after` has come. */
export function collect({ inputs, zone, after, ...calls }) {
  const take = (files) => after.then(() => calls.take(files)); // what is remembered is shown before
  const leave = (counts) => after.then(() => calls.leave(counts));
  for (const input of inputs) {
    const picked = () => {
      if (!input.files.length) return;
      take([...input.files]);
      input.value = ""; // so that the same picture can be picked again
    };
    input.addEventListener("change", picked);
    picked(); // on a slow connection: before this script ran
  }
  document.addEventListener("paste", (event) => take([...event.clipboardData.files]));
  let depth = 0; // dragenter and dragleave fire for children too
  const over = (step) => zone.classList.toggle("over", (depth = Math.max(0, depth + step)) > 0);
  document.addEventListener("dragenter", () => over(1));
  document.addEventListener("dragleave", () => over(-1));
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    over(-depth);
    dropped(event.dataTransfer, take, leave);
  });
}
