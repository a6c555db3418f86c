import assert from "node:assert/strict";
import test from "node:test";

import { isVideo, otherKind } from "../../../api/web/kinds.js";
import { sentence } from "../../../api/web/words/phrases.js";

const failed = (name, code = "unsupported_media_type") => sentence({ name, state: "failed", error: { code, detail: "as the service says" } });

test("what is no picture is told by its name, for what people do about it", () => {
  const kinds = { "a.pdf": "document", "Brief.DOCX": "document", "plan.svg": "drawing", "DSC_1.NEF": "raw", "x.psd": "layers", "all.tar.gz": "archive", "song.mp3": "sound" };
  for (const [name, kind] of Object.entries(kinds)) assert.equal(otherKind(name), kind, name);
  for (const name of ["cat.jpg", "pdf", "a.pdf.png", ""]) assert.equal(otherKind(name), undefined, name);
});

test("a refused file gets the sentence of its kind, any other the service's", () => {
  assert.equal(failed("scan.pdf"), "error.no_picture.document"); // no words are loaded here: the key itself
  assert.equal(failed("cat.jpg"), "as the service says");
  assert.equal(failed("scan.pdf", "overloaded"), "as the service says");
  assert.equal(failed(undefined), "as the service says");
});

test("videos go to their own place, also where the browser has no type for them", () => {
  for (const name of ["a.MOV", "a.3gp", "a.mpg", "a.mts", "a.wmv"]) assert.ok(isVideo({ type: "", name }), name);
  assert.ok(isVideo({ type: "video/quicktime", name: "a" }));
  assert.ok(!isVideo({ type: "application/pdf", name: "a.mov" }));
});
