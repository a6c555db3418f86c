// Sentences that are put together: errors, durations, where a job stands, what came of it.

import { otherKind } from "../kinds.js";
import { known, say } from "./language.js";

/** What an error code means, `of` a kind of work; `detail` is the service's own sentence, for codes unknown here. */
export function explain(code, detail, of) {
  if (known(`error.${code}.${of}`)) return say(`error.${code}.${of}`);
  if (known(`error.${code}`)) return say(`error.${code}`);
  return detail ?? say("error.internal");
}

// Why `name` has failed. Of a file that is no picture its name tells what it is, and so what to do.
function refused({ error, name }) {
  const kind = error?.code === "unsupported_media_type" && otherKind(name ?? "");
  return kind ? say(`error.no_picture.${kind}`) : explain(error?.code, error?.detail ?? error?.message);
}

/** How long `seconds` is, roughly. */
export function duration(seconds) {
  if (seconds < 1) return say("time.moment");
  if (seconds < 90) return say("time.seconds", { n: Math.round(seconds) });
  if (seconds < 5400) return say("time.minutes", { n: Math.round(seconds / 60) });
  return say("time.hours", { n: Math.round(seconds / 3600) });
}

function queued({ position, eta_s: eta }) {
  const place = position > 0 ? say("state.queued", { n: position }) : say("state.next");
  return eta > 1 ? say("state.about", { place, time: duration(eta) }) : place;
}

function finished(job) {
  const file = job.outputs?.heatmap ?? job.outputs?.depth;
  const size = file?.width ? `${file.width} × ${file.height}` : "";
  const seconds = (Date.parse(job.finished_at) - Date.parse(job.created_at)) / 1000;
  const time = Number.isFinite(seconds) ? say("time.seconds", { n: seconds.toFixed(seconds < 10 ? 2 : 0) }) : "";
  return [size, time].filter(Boolean).join(" · ");
}

const STATES = {
  waiting: () => say("state.waiting"),
  uploading: ({ progress }) => say(progress >= 1 ? "state.sent" : "state.sending"),
  queued: ({ job }) => queued(job ?? {}),
  running: () => say("state.running"),
  succeeded: ({ job }) => finished(job),
  failed: refused,
  canceled: () => say("state.canceled"),
  expired: () => explain("deadline_exceeded"),
};

/** The sentence that says where `picture` stands. */
export function sentence(picture) {
  const { notice } = picture;
  if (!notice) return STATES[picture.state](picture);
  return say("state.again", { why: explain(notice.code), time: duration(Math.max(1, notice.seconds)) });
}
