// The API's calls about datasets.

import { ROOT, call, here, send, ticket } from "../http.js";

const at = (id, rest = "") => `${ROOT}v1/datasets/${id}${rest}`;
const json = async (path, init) => (await call(path, { cache: "no-store", ...init })).json();
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
  while (!answer.done) answer = await json(`${at(answer.id)}/forecast?wait=10`);
  return answer.forecast;
}

export const getDataset = (id) => json(at(id));
export const cancelDataset = (id) => json(at(id, "/cancel"), { method: "POST" });
export const removeDataset = (id) => call(at(id), { method: "DELETE" });
export const retryDataset = (id) => json(at(id, "/retry"), { method: "POST" });

/** The failed items, page by page, at most `most`. */
export async function failuresOf(id, most) {
  const found = [];
  for (let cursor = ""; cursor !== null && found.length < most;) {
    const page = await json(at(id, `/errors${cursor && `?cursor=${encodeURIComponent(cursor)}`}`));
    found.push(...page.errors);
    cursor = page.next_cursor ?? null;
  }
  return found.slice(0, most);
}

/** Every item as it ended. */
export async function resultsOf(id) {
  const text = await (await call(at(id, "/results"))).text();
  return text.split("\n").filter(Boolean).map((line) => JSON.parse(line));
}

export const bytesAt = async (url) => (await call(here(url))).blob();
