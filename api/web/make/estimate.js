// About how long an output will take, said before it is asked for.

const MEASURED = ["fetch_ms", "decode_ms", "infer_ms", "store_ms"];

/**
 * Seconds that an output of the declared `cost` takes for the picture of `job`, on an idle worker: what
 * the worker took to read the picture and to find its depth, and the declared rendering for its size.
 */
export function estimate(cost, job) {
  const { width, height, downsampled_to: smaller } = job.input;
  const [across, down] = smaller ?? [width, height];
  const read = MEASURED.reduce((sum, stage) => sum + (job.timings?.[stage] ?? 0), 0);
  return (read + cost.ms + (cost.ms_per_megapixel * across * down) / 1e6) / 1000;
}
