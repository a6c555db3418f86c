// The HTTP API as the page uses it. Every failure is a Problem with the API's stable code.

import { tab } from "./memory.js";

const KEY = "depthq.key";
// Where the service is: at the root of its host, or below the path that a proxy gives it.
export const ROOT = new URL("..", import.meta.url).pathname;

/** An answer that is not what was asked for; `code` as in the API, "network", or "not_ours". */
export class Problem extends Error {
  constructor(code, detail, status = 0, retryAfter = 0) {
    super(detail ?? code);
    Object.assign(this, { code, detail, status, retryAfter });
  }

  /** Whether the same request may work later. */
  get passing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

export const key = {
  get: () => tab.get(KEY),
  set: (value) => tab.set(KEY, value),
};

const headers = () => (key.get() ? { Authorization: `Bearer ${key.get()}` } : {});

// The document in `text`. A proxy that wants a login answers for the service, as if all were well.
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem("not_ours");
  }
}

function problem(status, text, retryAfter) {
  let body = null;
  try {
    body = parsed(text);
  } catch {
    // a proxy's page: the status says enough
  }
  body ??= {};
  const code = body.code ?? (status === 413 ? "image_too_large" : "internal");
  return new Problem(code, body.detail, status, Number(retryAfter) || 0);
}

/** Send one picture; resolves to the job document. */
export function submit(file, options, idempotencyKey, onProgress, signal) {
  const form = new FormData();
  form.append("image", file, file.name || "picture");
  for (const [name, value] of Object.entries(options)) form.append(name, value);
  return send("v1/jobs", form, idempotencyKey, onProgress, signal);
}

/** Post a form; resolves to the document that answers. XHR, because fetch reports no progress. */
export function send(path, form, idempotencyKey, onProgress, signal) {
  const request = new XMLHttpRequest();
  request.open("POST", ROOT + path);
  for (const [name, value] of Object.entries(headers())) request.setRequestHeader(name, value);
  request.setRequestHeader("Idempotency-Key", idempotencyKey);
  request.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
  signal.addEventListener("abort", () => request.abort(), { once: true });
  return new Promise((resolve, reject) => {
    request.onload = () => {
      if (request.status < 300) resolve(request.responseText);
      else reject(problem(request.status, request.responseText, request.getResponseHeader("Retry-After")));
    };
    request.onerror = () => reject(new Problem("network"));
    request.onabort = () => reject(new DOMException("removed", "AbortError"));
    request.send(form);
  }).then(parsed);
}

/** Fetch `path`, which begins with ROOT, with the key. Rejects with a Problem where it is refused. */
export async function call(path, init = {}) {
  let answer;
  try {
    answer = await fetch(path, { ...init, headers: { ...headers(), ...init.headers } });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem("network");
  }
  if (!answer.ok) throw problem(answer.status, await answer.text(), answer.headers.get("Retry-After"));
  return answer;
}

/** The document at `path`: see `call`. */
export const json = async (path, init) => parsed(await (await call(path, init)).text());

/** Ask for a job's document, held open up to `wait` seconds until the job has ended. */
export const poll = (id, wait, signal) => json(`${ROOT}v1/jobs/${id}?wait=${wait}`, { signal, cache: "no-store" });

/** Cancel a job if it runs, and remove its files. */
export const remove = (id) => call(`${ROOT}v1/jobs/${id}`, { method: "DELETE", keepalive: true });

/** What a job can make: the declarations of all outputs. */
export const outputs = async () => (await json(`${ROOT}v1/outputs`)).outputs;

/** Which models there are and which are served. */
export const models = () => json(`${ROOT}v1/models`, { cache: "no-store" });

/** The metrics of the service, in Prometheus' text format. */
export const metrics = async () => (await call(`${ROOT}v1/metrics`, { cache: "no-store" })).text();

/** What the service needs, by name: whether it has it, `{ ok }`. Nothing where a proxy hides that. */
export async function readiness() {
  try {
    const answer = await fetch(`${ROOT}readyz`, { cache: "no-store" }); // 503 where something is missing
    return parsed(await answer.text()).checks ?? {};
  } catch {
    return {};
  }
}

/** The address of the service. */
export const root = () => new URL(ROOT, location.href).href;

/** A new idempotency key. */
export function ticket() {
  // randomUUID exists in secure contexts only, and a service in one's own network is often plain http
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
}

/** The running service's version document. */
export const version = () => json(`${ROOT}version`);

/** Where an output is, on the host the page came from: links may name another of the service's names. */
export function here(url) {
  const { pathname, search, href } = new URL(url, location.href);
  const at = pathname.indexOf("/v1/");
  return at < 0 ? href : ROOT + pathname.slice(at + 1) + search;
}

/** The bytes of an output. */
export const bytes = async (url) => (await call(here(url))).blob();

/** A URL for an <img>, which cannot send the key itself. */
export const shown = async (url) => (key.get() ? URL.createObjectURL(await bytes(url)) : here(url));
