import assert from "node:assert/strict";
import test from "node:test";

import { hardened } from "../../../api/web/solid/edges.js";
import { distance, grid, surface } from "../../../api/web/solid/geometry.js";

const depth = (width, height, codeAt) => ({
  width, height, codes: Uint16Array.from({ length: width * height }, (_, at) => codeAt(at % width, Math.floor(at / width))),
});

test("the nearest is at 1, the farthest at the ratio", () => {
  assert.equal(distance(1, 5), 1);
  assert.ok(Math.abs(distance(0, 5) - 5) < 1e-9);
});

test("a grid keeps the shape of the picture", () => {
  assert.deepEqual(grid(4000, 2000, 256), [256, 128]);
  assert.deepEqual(grid(20, 10, 256), [20, 10]);
});

test("the picture's edges lie on the field of view", () => {
  const { positions } = surface(depth(100, 50, () => 65535), { fov: 90 });
  assert.ok(Math.abs(positions[0] - -0.99) < 1e-6); // half a point inside −tan 45° at distance 1
  assert.ok(Math.abs(positions[1] - 0.49) < 1e-6);
  assert.equal(positions[2], -1);
});

test("nothing spans the step from a near thing to what is behind it", () => {
  const flat = surface(depth(10, 10, () => 30000), {});
  const stepped = surface(depth(10, 10, (x) => (x < 5 ? 65535 : 0)), {});
  assert.equal(flat.indices.length, 9 * 9 * 6);
  assert.equal(stepped.indices.length, 8 * 9 * 6);
});

test("a soft step becomes a hard one: its points go to the nearer or the farther side", () => {
  const soft = [1, 1, 1, 1, 1, 1, 1, 1, 1.2, 1.6, 1.9, 2, 2, 2, 2, 2, 2, 2, 2, 2];
  const row = hardened(Float32Array.from([...soft, ...soft]), 20, 2);
  assert.deepEqual([...row].slice(0, 20).map((z) => Number(z.toFixed(4))), [...Array(9).fill(1), ...Array(11).fill(2)]);
});

test("a floor that goes on into the distance stays smooth", () => {
  const floor = Float32Array.from({ length: 80 }, (_, at) => 1.04 ** Math.floor(at / 2));
  assert.deepEqual(hardened(floor, 2, 40), floor);
});

test("what is torn becomes a skirt in the color of what is behind", () => {
  const { skirt } = surface(depth(10, 10, (x) => (x < 5 ? 65535 : 0)), {});
  assert.equal(skirt.positions.length, 9 * 2 * 3 * 3); // one column of cells, two triangles each
  const [across, away] = [skirt.uvs.filter((_, at) => at % 2 === 0), skirt.positions.filter((_, at) => at % 3 === 2)];
  assert.deepEqual([...new Set(across)].map((u) => u.toFixed(2)), ["0.55"]); // the first column behind
  assert.deepEqual([...new Set(away)].sort(), [-1, -5]);
});
