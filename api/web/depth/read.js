// Depth of a job's file, whatever format the page can read.

import { readNpy, readPfm } from "./floats.js";
import { isPng, readPng16 } from "./png16.js";

/** The depth in `blob` (see png16.js), or null where the page cannot read its format. */
export async function readDepth(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const begins = new TextDecoder("latin1").decode(bytes.subarray(0, 6));
  if (isPng(bytes)) return readPng16(bytes);
  if (begins === "\x93NUMPY") return readNpy(bytes);
  if (begins.startsWith("Pf\n")) return readPfm(bytes);
  return null;
}
