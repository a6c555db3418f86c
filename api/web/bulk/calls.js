// The API's calls about long work: `kind` is "datasets" or "videos".

import { ROOT, call, here, json as asked, send, ticket } from "../http.js";

const at = (kind, id, rest = "") => `${ROOT}v1/${kind}/${id}${rest}`;
const json = (path, init) => asked(path, { cache: "no-store", ...init });
const posted = (path, body) => json(path, {
  method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json", "Idempotency-Key": ticket() },
});

/** Send an archive as a dataset; resolves to its document. */
export function sendArchive(blob, name, spec, onProgress, signal) {
  const form = new FormData();
  form.append("archive", blob, name);
  form.append("spec", JSON.stringify(spec));
  return send("v1/datasets", form, ticket(), onProgress, signal);
}

/** Start a dataset of what is in a bucket. */
export const createDataset = (spec) => posted(`${ROOT}v1/datasets`, spec);

/** Ask what it would take; resolves to the forecast, once it is there. */
export async function forecastOf(spec) {
  let answer = await posted(`${ROOT}v1/datasets?dry_run=1`, spec);
  while (!answer.done) answer = await json(at("datasets", answer.id, "/forecast?wait=10"));
  return answer.forecast;
}

/** Send a video; resolves to its document. */
export function sendVideo(file, options, onProgress, signal) {
  const form = new FormData();
  form.append("video", file, file.name);
  for (const [name, value] of Object.entries(options)) form.append(name, value);
  return send("v1/videos", form, ticket(), onProgress, signal);
}

export const getRun = (kind, id) => json(at(kind, id));
export const cancelRun = (kind, id) => json(at(kind, id, "/cancel"), { method: "POST" });
export const removeRun = (kind, id) => call(at(kind, id), { method: "DELETE" });
export const retryRun = (kind, id) => json(at(kind, id, "/retry"), { method: "POST" });

/** The failed items, page by page, at most `most`. */
export async function failuresOf(kind, id, most) {
  const found = [];
  for (let cursor = ""; cursor !== null && found.length < most;) {
    const page = await json(at(kind, id, `/errors${cursor && `?cursor=${encodeURIComponent(cursor)}`}`));
    found.push(...page.errors);
    cursor = page.next_cursor ?? null;
  }
  return found.slice(0, most);
}

/** Every item as it ended. */
export async function resultsOf(id) {
  const text = await (await call(at("datasets", id, "/results"))).text();
  return text.split("\n").filter(Boolean).map((line) => JSON.parse(line));
}

export const bytesAt = async (url) => (await call(here(url))).blob();
