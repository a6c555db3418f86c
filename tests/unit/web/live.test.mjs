// The live view's pace and range.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Pace, frameSize, rateMeter } from "../../../api/web/live/frames.js";
import { SteadyRange, ends, nearest } from "../../../api/web/live/steady.js";

const settle = () => new Promise((go) => setImmediate(go));

function played(more = {}) {
  const [asked, shown] = [[], []];
  const pace = new Pace({
    ask: () => new Promise((resolve, reject) => asked.push({ resolve, reject })),
    show: (result) => shown.push(result),
    trouble: () => 7,
    ...more,
  });
  return { asked, shown, pace };
}

test("at most two frames are in flight, and the next goes when one is back", async () => {
  const { asked, shown, pace } = played();
  pace.start();
  assert.equal(asked.length, 2);
  asked[0].resolve("first");
  await settle();
  assert.deepEqual(shown, ["first"]);
  assert.equal(asked.length, 3);
  pace.stop();
});

test("an answer that comes after a newer one is dropped", async () => {
  const { asked, shown, pace } = played();
  pace.start();
  asked[1].resolve("second");
  await settle();
  asked[0].resolve("first");
  await settle();
  assert.deepEqual(shown, ["second"]);
  pace.stop();
});

test("after a refusal it rests as long as it is told before it asks again", async () => {
  const rests = [];
  const { asked, pace } = played({ rest: async (ms) => rests.push(ms) });
  pace.start();
  asked[0].reject(new Error("full"));
  await settle();
  assert.deepEqual(rests, [7]);
  assert.equal(asked.length, 3);
  pace.stop();
});

test("what is in flight when it stops is dropped", async () => {
  const { asked, shown, pace } = played();
  pace.start();
  pace.stop();
  asked[0].resolve("late");
  await settle();
  assert.deepEqual([shown, asked.length], [[], 2]);
});

test("frames are as large as the network needs, never enlarged", () => {
  assert.deepEqual(frameSize(1280, 720), [320, 180]);
  assert.deepEqual(frameSize(480, 640), [240, 320]);
  assert.deepEqual(frameSize(160, 120), [160, 120]);
});

test("the rate is that of the last seconds", () => {
  let time = 0;
  const rate = rateMeter(3000, () => time);
  assert.equal(rate(), 0);
  for (let at = 0; at < 20; at += 1) { time += 100; rate(); }
  time += 100;
  assert.equal(Math.round(rate()), 10);
});

const frame = (codes, low, high) => ({ codes: Uint16Array.from(codes), low, high, width: 3, height: codes.length / 3 });

test("single outliers do not decide the range", () => {
  const codes = new Array(999).fill(0x8000);
  codes[5] = 65535;
  const [from, to] = ends({ codes: Uint16Array.from(codes), low: 0, high: 255 });
  assert.deepEqual([from, to], [128, 129]);
});

test("something that comes near changes the colors of the rest little by little", () => {
  const range = new SteadyRange();
  const first = range.next(frame([0, 0, 0, 65535, 65535, 65535], 0, 100));
  assert.deepEqual(first, { from: 0, to: 1 });
  const second = range.next(frame([0, 0, 0, 65535, 65535, 65535], 0, 200));
  assert.ok(Math.abs(second.to - 0.575) < 0.001, `${second.to}: 0.85 × 100 + 0.15 × 200 of 200`);
  range.forget();
  assert.deepEqual(range.next(frame([0, 0, 0, 65535, 65535, 65535], 0, 200)), { from: 0, to: 1 });
});

test("the nearest ninth is found", () => {
  const codes = new Uint16Array(36 * 36);
  for (let row = 26; row < 36; row += 1) codes.fill(60000, row * 36 + 26, row * 36 + 36);
  assert.equal(nearest({ codes, width: 36, height: 36 }), 8);
});
