// Downloads: names of files, and saving them by the browser.

import { bytes, here } from "./http.js";

const ENDINGS = {
  "image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "image/tiff": "tif", "image/x-exr": "exr",
  "application/x-npy": "npy", "image/x-portable-floatmap": "pfm", "application/x-ply": "ply",
  "application/x-xyz": "xyz", "model/gltf-binary": "glb", "application/zip": "zip", "application/json": "json",
  "text/plain": "txt", "audio/wav": "wav", "audio/ogg": "opus", "video/mp4": "mp4", "video/webm": "webm",
};

const stem = (name) => name.replace(/\.[^.]+$/, "") || "picture";

/** How the name of a file of type `mediaType` ends. */
export const endingOf = (mediaType) => ENDINGS[mediaType.split(";")[0]] ?? "bin";

/** The name of one output of `picture` as a file: that of the photograph, the output, the type. */
export function fileName(picture, output) {
  return `${stem(picture.name)}.${output}.${endingOf(picture.job.outputs[output].media_type)}`;
}

/** Save `blob` as a file `name`. */
export function keepBlob(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Save what is at `url` as a file `name`. */
export async function saveAs(url, name) {
  try {
    keepBlob(await bytes(url), name);
  } catch {
    const link = document.createElement("a");
    link.href = here(url); // a store that only plain links can read: the name will be the job's
    link.click();
  }
}
