// Reads Prometheus' text format: as much of it as the service writes.

const LINE = /^([a-z_][\w:]*)(?:\{(.*)\})? (\S+)$/i;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/** The samples of `text` by name: Map of name → [{labels, value}]. */
export function parse(text) {
  const found = new Map();
  for (const line of text.split("\n")) {
    const [, name, inside = "", value] = LINE.exec(line) ?? [];
    if (!name) continue;
    const labels = Object.fromEntries([...inside.matchAll(LABEL)].map(([, key, said]) => [key, said.replace(/\\(.)/g, "$1")]));
    if (!found.has(name)) found.set(name, []);
    found.get(name).push({ labels, value: Number(value) });
  }
  return found;
}

/** The sum of the samples `name` whose labels are as in `wanted`. */
export function total(samples, name, wanted = {}) {
  const fits = ({ labels }) => Object.entries(wanted).every(([key, value]) => labels[key] === value);
  return (samples.get(name) ?? []).filter(fits).reduce((sum, { value }) => sum + value, 0);
}

/** What the page keeps of one look: {at, queued, seconds, images, batches}; counts by worker. */
export function noted(samples, at) {
  const byWorker = (name) => Object.fromEntries((samples.get(name) ?? []).map(({ labels, value }) => [labels.worker, value]));
  const seconds = (samples.get("depthq_backlog_seconds_per_worker") ?? []).map(({ value }) => value);
  return {
    at,
    queued: total(samples, "depthq_jobs", { state: "queued" }) + total(samples, "depthq_dataset_items_left"),
    seconds: Math.max(0, ...seconds),
    images: byWorker("depthq_fleet_images"),
    batches: byWorker("depthq_fleet_batches"),
  };
}

// What was counted between two looks; a worker that began anew counts from zero.
function counted(before, after) {
  return Object.entries(after).reduce((sum, [worker, value]) => {
    const old = before[worker];
    if (old === undefined) return sum; // new here: when it counted is unknown
    return sum + (value >= old ? value - old : value);
  }, 0);
}

/** Points over time, [{at, queued, seconds, rate, batch}], from looks one after the other. */
export function series(looks) {
  return looks.map((look, index) => {
    const before = looks[index - 1];
    const { at, queued, seconds } = look;
    if (!before) return { at, queued, seconds, rate: null, batch: null };
    const [images, batches] = [counted(before.images, look.images), counted(before.batches, look.batches)];
    return { at, queued, seconds, rate: images / Math.max(0.001, (at - before.at) / 1000), batch: batches ? images / batches : null };
  });
}
