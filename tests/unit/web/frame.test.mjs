import assert from "node:assert/strict";
import test from "node:test";

import { framing } from "../../../api/web/solid/frame.js";
import { surface } from "../../../api/web/solid/geometry.js";

const across = Math.tan((55 * Math.PI) / 360);
const sloping = { width: 60, height: 40, codes: Uint16Array.from({ length: 2400 }, (_, at) => 1000 * (at % 60)) };
const { positions, middle } = surface(sloping, { fov: 55, ratio: 5 });
const frame = { across, high: (across * 40) / 60 };
const close = (a, b) => Math.abs(a - b) < 1e-12;

test("from the photographer's place the picture fills its frame", () => {
  const { wider, right, up } = framing(positions, { yaw: 0, pitch: 0, middle }, frame);
  assert.equal(wider, 1);
  assert.ok(Math.abs(right) < 0.1 && Math.abs(up) < 0.1);
});

test("what stands out to one side is brought to the middle, and as near as it fits", () => {
  const [yaw, reach] = [Math.PI / 6, 0.8];
  const seen = (to) => [to * Math.cos(yaw), 0, -2 - to * Math.sin(yaw)]; // so far to the right of the middle, as the turned camera sees it
  const none = Array(18).fill(0).map((_, at) => (at % 3 === 2 ? -2 : 0)); // points that are not asked, at the middle
  const pair = [...seen(reach), ...none, ...seen(-0.2)];
  const { wider, right, up } = framing(pair, { yaw, pitch: 0, middle: 2 }, { across: 0.25, high: 0.25 });
  assert.ok(close(wider, (reach + 0.2) / 2 / 2 / 0.25), wider);
  assert.ok(close(right, (reach - 0.2) / 2 / 2 / 0.25 / wider), right);
  assert.ok(close(up, 0));
});

test("a tall frame, as on a phone, has room above and below", () => {
  const nod = { yaw: 0, pitch: 0.3, middle };
  assert.ok(framing(positions, nod, { across, high: 4 * across }).wider <= framing(positions, nod, frame).wider);
});

test("what comes up to the camera does not make all else tiny", () => {
  for (const yaw of [-1.2, 1.2]) {
    const { wider, right } = framing(positions, { yaw, pitch: 0, middle }, frame);
    assert.ok(wider >= 1 && wider <= 2 && Math.abs(right) <= 1);
  }
});
