// What the page says, in plain words. Codes and states are those of the API (contract/).

const ERRORS = {
  invalid_request: "The service did not understand the request.",
  unsupported_media_type: "This is not a picture the service can read. Try JPEG, PNG, WebP, HEIC or AVIF.",
  image_too_large: "This picture is too large for the service.",
  image_corrupt: "The file is damaged: its beginning makes no sense.",
  image_undecodable: "The file is damaged: its pixels cannot be read.",
  not_found: "The service no longer has this picture. Results are kept for a few days.",
  conflict: "The service already has another picture under this request.",
  overloaded: "The service is full just now.",
  unauthorized: "The service asks for a key.",
  storage_unavailable: "The service cannot reach its storage just now.",
  storage_refused: "The service's storage refuses it; its operator has to mend that.",
  poisoned: "The service tried several times and gave up on this picture.",
  deadline_exceeded: "It took longer than it was allowed to.",
  internal: "Something went wrong in the service.",
  network: "The service cannot be reached.",
};

/** Say what an error code means; `detail` is the service's own sentence, for codes unknown here. */
export function explain(code, detail) {
  return ERRORS[code] ?? detail ?? ERRORS.internal;
}

/** Say how long `seconds` is, roughly. */
export function duration(seconds) {
  if (seconds < 1) return "under a second";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}

/** Say where a queued job stands. */
export function queued({ position, eta_s: eta }) {
  const place = position > 0 ? `In the queue, ${position} before it` : "Next in the queue";
  return eta > 1 ? `${place}, about ${duration(eta)}` : place;
}

/** Say what came of a finished job: size and time. */
export function finished(job) {
  const file = job.outputs?.heatmap ?? job.outputs?.depth;
  const size = file ? `${file.width} × ${file.height}` : "";
  const seconds = (Date.parse(job.finished_at) - Date.parse(job.created_at)) / 1000;
  const time = Number.isFinite(seconds) ? `${seconds.toFixed(seconds < 10 ? 2 : 0)} s` : "";
  return [size, time].filter(Boolean).join(" · ");
}
