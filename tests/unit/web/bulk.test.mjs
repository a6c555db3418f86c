import assert from "node:assert/strict";
import test from "node:test";

import { failures, filesOf, nameOf, progressOf } from "../../../api/web/bulk/progress.js";

test("there is no share before the total is known", () => {
  assert.equal(progressOf({ done: 3, total: 0, planned: false }).share, null);
  assert.equal(progressOf({ done: 3, total: 4, planned: true }).share, 0.75);
});

test("items go by their own name, or the last part of their address", () => {
  assert.equal(nameOf({ uri: "s3://b/a%20folder/caf%C3%A9.jpg" }), "café.jpg");
  assert.equal(nameOf({ uri: "x/100%.jpg" }), "100%.jpg");
  assert.equal(nameOf({ uri: "x/y.jpg", custom_id: "door-7" }), "door-7");
});

test("failures stand by code, the most frequent first, with the names that are known", () => {
  const items = [{ uri: "a/1.jpg", error: { code: "image_corrupt" } }];
  assert.deepEqual(failures({ image_corrupt: 1, internal: 4, conflict: 0 }, items), [
    { code: "internal", count: 4, names: [] },
    { code: "image_corrupt", count: 1, names: ["1.jpg"] },
  ]);
});

test("results are named after their picture and output", () => {
  const item = { uri: "in/p.q.jpg", outputs: { depth: { key: "k/abc.png", url: "/u" } } };
  assert.deepEqual(filesOf([item, { uri: "b" }]), [{ name: "p.q.depth.png", url: "/u" }]);
});
