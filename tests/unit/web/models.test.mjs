import assert from "node:assert/strict";
import test from "node:test";

import { typed } from "../../../api/web/bulk/progress.js";
import { choosable } from "../../../api/web/views/models.js";

const line = { en: "slow and good", zh: "慢而好" };
const known = [{ name: "dpt_large_384", line }, { name: "midas_small", line: { en: "fast" } }, { name: "unserved", line }];

test("models are offered that are served, the default first, each once", () => {
  const models = [
    { name: "dpt_large_384", lanes: ["bulk", "interactive"] },
    { name: "midas_small", lanes: ["interactive"], precision: "fp32" },
    { name: "midas_small", lanes: ["bulk"], precision: "bf16" },
  ];
  const offered = choosable({ default: "midas_small", models, known });
  assert.deepEqual(offered.map(({ name }) => name), ["midas_small", "dpt_large_384"]);
  assert.deepEqual(offered.map(({ lane }) => lane), [undefined, undefined]);
  assert.equal(offered[1].line, line);
});

test("a model that workers of one lane alone hold says which", () => {
  const models = [{ name: "midas_small", lanes: ["bulk", "interactive"] }, { name: "mine", lanes: ["bulk"] }];
  assert.deepEqual(choosable({ default: "midas_small", models, known }), [
    { name: "midas_small", line: { en: "fast" }, lane: undefined }, { name: "mine", line: {}, lane: "bulk" },
  ]);
});

test("a form's texts become a dataset's options, the model among them", () => {
  assert.deepEqual(typed({ model: "mine", invert: "true" }), { model: "mine", invert: true });
  assert.deepEqual(typed({ invert: "false" }), { invert: false });
});
