import assert from "node:assert/strict";
import test from "node:test";

import { paint } from "../../../api/web/depth/paint.js";
import { estimate } from "../../../api/web/make/estimate.js";
import { curl, pythonCall } from "../../../api/web/make/snippets.js";
import { WHOLE, moved, pointAt, shows, zoomed } from "../../../api/web/viewers/zoom.js";
import { beyond } from "../../../api/web/photographs.js";
import { crc32, different } from "../../../api/web/zip.js";

test("the point under the pointer stays where it is while zooming", () => {
  const before = pointAt(WHOLE, 0.3, 0.7);
  assert.deepEqual(pointAt(zoomed(WHOLE, 4, 0.3, 0.7), 0.3, 0.7), before);
});

test("no edge of the picture comes inside the box", () => {
  assert.deepEqual(moved(WHOLE, 0.5, -0.5), WHOLE);
  assert.deepEqual(moved(zoomed(WHOLE, 2, 0, 0), -9, -9), { scale: 2, x: -1, y: -1 });
  assert.equal(zoomed(WHOLE, 1000).scale, 32);
  assert.deepEqual(zoomed(zoomed(WHOLE, 3, 0.2, 0.2), 0.01), WHOLE);
});

test("a point outside is brought into the box", () => {
  const view = shows(zoomed(WHOLE, 4, 0, 0), 0.9, 0.5);
  assert.ok(view.x + 0.9 * view.scale <= 1 + 1e-9);
});

test("colors follow the range, and turn round", () => {
  const colors = Uint8Array.from({ length: 768 }, (_, at) => Math.floor(at / 3));
  const pixels = new Uint8ClampedArray(12);
  const codes = Uint16Array.of(0, 32768, 65535);
  paint(codes, pixels, { colors });
  assert.deepEqual([pixels[0], pixels[4], pixels[8], pixels[11]], [0, 128, 255, 255]);
  paint(codes, pixels, { colors, from: 0.5, to: 0.75, invert: true });
  assert.deepEqual([pixels[0], pixels[4], pixels[8]], [255, 255, 0]);
});

test("a ZIP has the standard checksum, and no name twice", () => {
  assert.equal(crc32(new TextEncoder().encode("123456789")), 0xcbf43926);
  assert.deepEqual(different(["a.png", "a.png", "b", "b"]), ["a.png", "a (2).png", "b", "b (2)"]);
});

test("names with quotes and spaces stay one word in the shell", () => {
  const text = curl("http://h/", "it's; \"1\".jpg", "crops", { aspects: "1:1,4:5" }, "zip");
  assert.ok(text.includes(`-F 'image=@"it'\\''s; \\"1\\".jpg"' -F outputs=crops -F aspects=1:1,4:5`));
  assert.ok(pythonCall("http://h/", 'a"b.jpg', "mesh", { drop_sky: true, mesh_side: 64 })
    .includes('depthq.submit("a\\"b.jpg", wait=60, outputs="mesh", drop_sky=True, mesh_side=64)'));
});

test("an estimate is the reading of this picture and the declared rendering of its size", () => {
  const timings = { queued_ms: 9e9, wait_ms: 9e9, render_ms: 9e9, fetch_ms: 1, decode_ms: 100, infer_ms: 90, store_ms: 9, batch_size: 1 };
  const cost = { ms: 300, ms_per_megapixel: 100 };
  assert.equal(estimate(cost, { timings, input: { width: 4000, height: 2000 } }), 1.3);
  assert.equal(estimate(cost, { timings: null, input: { width: 40000, height: 20000, downsampled_to: [2000, 1000] } }), 0.5);
});

test("the oldest photographs make room, by number and by size", () => {
  const kept = [{ id: "old", at: 1, bytes: 5 }, { id: "new", at: 3, bytes: 5 }, { id: "mid", at: 2, bytes: 5 }];
  assert.deepEqual(beyond(kept, 9, 15), []);
  assert.deepEqual(beyond(kept, 9, 14), ["old"]);
  assert.deepEqual(beyond(kept, 1, 100), ["mid", "old"]);
});
