import assert from "node:assert/strict";
import test from "node:test";

// A store as browsers have it, of `room` characters.
function store(room) {
  const held = new Map();
  const methods = {
    getItem: (name) => held.get(name) ?? null,
    removeItem(name) { held.delete(name); delete this[name]; },
    setItem(name, value) {
      const used = [...held].reduce((sum, [other, text]) => sum + (other === name ? 0 : text.length), 0);
      if (used + value.length > room) throw new Error("full");
      held.set(name, value);
      this[name] = value;
    },
  };
  return Object.create(methods);
}

globalThis.sessionStorage = store(20);
const { PREVIEW, device, tab } = await import("../../../api/web/memory.js");

test("previews make room for what matters more, and are left out where there is none", () => {
  tab.set(`${PREVIEW}a`, "x".repeat(18));
  tab.set("list", "12345");
  assert.deepEqual([tab.get("list"), tab.get(`${PREVIEW}a`)], ["12345", null]);
  tab.set(`${PREVIEW}b`, "x".repeat(18));
  assert.deepEqual([tab.get("list"), tab.get(`${PREVIEW}b`)], ["12345", null]);
});

test("what is too large for the store stays until the page is loaded again, and no older value comes back", () => {
  tab.set("list", "y".repeat(30));
  assert.equal(tab.get("list"), "y".repeat(30));
  assert.equal(sessionStorage.getItem("list"), null);
  tab.set("list", "short");
  assert.equal(sessionStorage.getItem("list"), "short");
});

test("a store that is closed is done without", () => {
  Object.defineProperty(globalThis, "localStorage", { configurable: true, get() { throw new Error("denied"); } });
  assert.equal(device.get("language"), null);
  device.set("language", "zh");
  assert.equal(device.get("language"), "zh");
  device.keepOnly(new Set());
});

test("what another version has kept is not taken for what this one keeps", () => {
  for (const kept of ["no json", "7", "null", "{}"]) {
    tab.set("list", kept);
    assert.deepEqual(tab.json("list", ["usual"]), ["usual"]);
  }
  tab.set("list", "[1]");
  assert.deepEqual(tab.json("list", []), [1]);
  assert.deepEqual(tab.json("nothing", {}), {});
});
