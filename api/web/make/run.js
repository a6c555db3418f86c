// One more job for a picture, from sending to its end.

import { Problem, poll, submit, ticket } from "../http.js";

const LONG_S = 20;
const MOST_WAIT_S = 30;
const TRIES = 5;
const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

async function patiently(call, signal) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await call();
    } catch (error) {
      if (!error.passing || tries === TRIES || signal.aborted) throw error;
      await pause(Math.min(MOST_WAIT_S, error.retryAfter || 2 ** tries));
    }
  }
}

/** Make what `options` say of `file`; `told(job)` hears where it stands. Resolves to the job, succeeded. Rejects with a Problem. */
export async function make(file, options, signal, told) {
  const once = ticket();
  let job = await patiently(() => submit(file, options, once, () => {}, signal), signal);
  while (!job.terminal) {
    told(job);
    job = await patiently(() => poll(job.id, LONG_S, signal), signal);
  }
  if (job.state === "succeeded") return job;
  throw new Problem(job.error?.code ?? "internal", job.error?.message);
}
