import assert from "node:assert/strict";
import test from "node:test";

import { fill, preferred } from "../../../api/web/words/language.js";

test("the remembered language wins, then what the browser asks for first, then English", () => {
  assert.equal(preferred("zh", ["en-GB"]), "zh");
  assert.equal(preferred(null, ["fr-FR", "zh-Hans-CN", "en"]), "zh");
  assert.equal(preferred("tlh", ["fr"]), "en");
  assert.equal(preferred(null, undefined), "en");
});

test("sentences are filled, also those that count", () => {
  assert.equal(fill("{a} of {b}", { a: 1, b: 2 }), "1 of 2");
  assert.equal(fill(({ n }) => (n === 1 ? "one" : "many"), { n: 1 }), "one");
});
