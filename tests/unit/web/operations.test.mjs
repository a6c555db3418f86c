import assert from "node:assert/strict";
import test from "node:test";

import { lines, roundUp } from "../../../api/web/ops/chart.js";
import { noted, parse, series, total } from "../../../api/web/ops/metrics.js";

const TEXT = `# HELP depthq_jobs Jobs by state
# TYPE depthq_jobs gauge
depthq_jobs{lane="interactive",state="queued"} 3.0
depthq_jobs{lane="bulk",state="running"} 2.0
depthq_dataset_items_left 40.0
depthq_backlog_seconds_per_worker{lane="bulk"} 8.5
depthq_fleet_images{worker="a\\"b"} 1e3
depthq_fleet_batches{worker="a\\"b"} 100.0
`;

test("samples are read with their labels", () => {
  const samples = parse(TEXT);
  assert.equal(total(samples, "depthq_jobs"), 5);
  assert.equal(total(samples, "depthq_jobs", { state: "queued" }), 3);
  assert.deepEqual(noted(samples, 7), { at: 7, queued: 43, seconds: 8.5, images: { 'a"b': 1000 }, batches: { 'a"b': 100 } });
});

test("rates come from what was counted between looks; a worker that began anew counts from zero", () => {
  const look = (at, images, batches) => ({ at, queued: 0, seconds: 0, images, batches });
  const points = series([look(0, { a: 10 }, { a: 5 }), look(2000, { a: 30, b: 900 }, { a: 10, b: 9 }), look(4000, { a: 4, b: 900 }, { a: 2, b: 9 })]);
  assert.deepEqual(points.map(({ rate, batch }) => [rate, batch]), [[null, null], [10, 4], [2, 2]]);
});

test("axes end at round numbers, and lines break where nothing is known", () => {
  assert.deepEqual([0, 0.3, 1, 3, 11, 60].map(roundUp), [1, 0.5, 1, 5, 20, 100]);
  const points = [{ at: 0, value: 1 }, { at: 50, value: null }, { at: 100, value: 2 }];
  assert.deepEqual(lines(points, { now: 100, span: 100, most: 2 }), [[[0, 40], [-1, 40]], [[300, 0], [299, 0]]]);
});
