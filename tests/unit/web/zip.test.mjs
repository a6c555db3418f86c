import assert from "node:assert/strict";
import test from "node:test";

import { different, zip } from "../../../api/web/zip.js";

// The names in a ZIP, as its directory has them.
async function namesIn(files) {
  const bytes = new Uint8Array(await (await zip(files)).arrayBuffer());
  const view = new DataView(bytes.buffer);
  const names = [];
  for (let at = view.getUint32(bytes.length - 6, true); view.getUint32(at, true) === 0x02014b50;) {
    const length = view.getUint16(at + 28, true);
    names.push(new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + length)));
    at += 46 + length;
  }
  return names;
}

test("a name that is made different is not another's", () => {
  assert.deepEqual(different(["a.png", "a.png", "a (2).png", "a.png"]), ["a.png", "a (2).png", "a (2) (2).png", "a (3).png"]);
  assert.deepEqual(different(["a.png", "A.PNG", "v1.0/b", "v1.0/b"]), ["a.png", "A (2).PNG", "v1.0/b", "v1.0/b (2)"]);
});

test("no name of a ZIP leaves the folder that it is unpacked to", async () => {
  const names = ["../../evil.png", "/etc/passwd", "..\\..\\evil.png", "cats/a.png", "..", "a\nb"];
  const files = names.map((name) => ({ name, blob: new Blob(["x"]) }));
  assert.deepEqual(await namesIn(files), ["evil.png", "etc/passwd", ".._.._evil.png", "cats/a.png", "picture", "a_b"]);
});
