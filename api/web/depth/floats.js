// Reads the float depth files that are plain enough (npy, PFM), as 16-bit codes like `png16.js`.

function coded(width, height, valueAt) {
  let [low, high] = [Infinity, -Infinity];
  for (let at = 0; at < width * height; at += 1) {
    low = Math.min(low, valueAt(at));
    high = Math.max(high, valueAt(at));
  }
  const scale = high > low ? 65535 / (high - low) : 0;
  const codes = Uint16Array.from({ length: width * height }, (_, at) => Math.round((valueAt(at) - low) * scale));
  return { width, height, codes, low, high };
}

/** Depth of a NumPy file, float32 (h, w), little-endian. */
export function readNpy(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = 10 + view.getUint16(8, true);
  const [, height, width] = /\((\d+), (\d+)\)/.exec(new TextDecoder("latin1").decode(bytes.subarray(10, start)));
  return coded(Number(width), Number(height), (at) => view.getFloat32(start + 4 * at, true));
}

/** Depth of a portable float map: rows from the bottom; a negative scale means little-endian. */
export function readPfm(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const head = new TextDecoder("latin1").decode(bytes.subarray(0, 64)).split("\n", 3);
  const [width, height] = head[1].split(" ").map(Number);
  const start = head.join("\n").length + 1;
  const little = Number(head[2]) < 0;
  return coded(width, height, (at) => {
    const row = height - 1 - Math.floor(at / width);
    return view.getFloat32(start + 4 * (row * width + (at % width)), little);
  });
}
