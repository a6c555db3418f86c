import assert from "node:assert/strict";
import test from "node:test";

import { agree, compared, metresAt, readAt, scalesOf } from "../../../api/web/depth/measure.js";

const close = (value, wanted) => assert.ok(Math.abs(value - wanted) < 1e-9, `${value} is not ${wanted}`);
const at = (t, metres) => ({ t, spread: 0.02, metres });
// 1/z = 0.1 + 0.9 t: from 10 m to 1 m
const truth = (t) => 1 / (0.1 + 0.9 * t);

test("two known distances give the scale: every other distance follows", () => {
  const scales = scalesOf([at(0.2, truth(0.2)), at(0.8, truth(0.8))]);
  const { best, least, most } = metresAt(scales, at(0.5));
  close(best, truth(0.5));
  assert.ok(least < best && best < most && most < 1.3 * best);
});

test("the range grows away from what is known, and may have no end", () => {
  const scales = scalesOf([at(0.7, truth(0.7)), at(0.9, truth(0.9))]);
  const width = (t) => { const { best, least, most } = metresAt(scales, at(t)); return (most - least) / best; };
  assert.ok(width(0.3) > width(0.8));
  assert.equal(metresAt(scales, at(0)).most, Infinity);
});

test("one known distance holds exactly there, and roughly elsewhere", () => {
  const scales = scalesOf([at(0.8, 2)]);
  close(metresAt(scales, at(0.8)).best, 2);
  const { least, most } = metresAt(scales, at(0.1));
  assert.ok(most / least > 2);
});

test("two distances must agree with what looks nearer", () => {
  assert.ok(agree([at(0.8, 1), at(0.2, 3)]));
  assert.ok(!agree([at(0.2, 1), at(0.8, 3)]));
  assert.ok(!agree([at(0.5, 1), at(0.51, 3)]));
});

test("points are compared, or are too close to call", () => {
  assert.equal(compared(at(0.5), at(0.51)).nearer, null);
  const found = compared(at(0.2), at(1));
  assert.equal(found.nearer, "b");
  close(found.times, 1 / (0.2 * 0.8 + 0.2));
  assert.ok(found.least < found.times && found.times < found.most);
});

test("a reading is the median around the point, and says how much it varies", () => {
  const codes = new Uint16Array(100).fill(30000);
  codes[55] = 65535;
  const { t, spread } = readAt({ width: 10, height: 10, codes }, 0.5, 0.5);
  close(t, 30000 / 65535);
  assert.ok(spread > 0.25);
  close(readAt({ width: 10, height: 10, codes }, 0, 0).spread, 0.02);
});
