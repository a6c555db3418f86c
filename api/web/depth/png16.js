// Reads the service's depth file, a 16-bit gray PNG, as it is: a canvas would leave 8 bits of it.

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
const PIXEL = 2; // bytes

/** Whether `bytes` begin as a PNG does. */
export const isPng = (bytes) => SIGNATURE.every((byte, at) => bytes[at] === byte);

function* chunks(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = view.getUint32(at);
    yield [String.fromCharCode(...bytes.subarray(at + 4, at + 8)), bytes.subarray(at + 8, at + 8 + length)];
    at += 12 + length;
  }
}

async function inflate(parts) {
  const stream = new Blob(parts).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function paeth(a, b, c) {
  const [p, q, r] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
  if (p <= q && p <= r) return a;
  return q <= r ? b : c;
}

const before = (row, at) => (at < PIXEL ? 0 : row[at - PIXEL]);

// One for each filter, undone in place from left to right; `up` is the row above. A loop each: a photograph has millions of bytes.
const UNDO = [
  () => {},
  (row) => { for (let at = PIXEL; at < row.length; at += 1) row[at] += row[at - PIXEL]; },
  (row, up) => { for (let at = 0; at < row.length; at += 1) row[at] += up[at]; },
  (row, up) => { for (let at = 0; at < row.length; at += 1) row[at] += (before(row, at) + up[at]) >> 1; },
  (row, up) => { for (let at = 0; at < row.length; at += 1) row[at] += paeth(before(row, at), up[at], before(up, at)); },
];

/** Undo the row filters of the PNG specification; returns the rows without their filter bytes. */
export function unfiltered(raw, width, height) {
  const stride = width * PIXEL;
  const rows = new Uint8Array(stride * height);
  let up = new Uint8Array(stride); // above the first row there is nothing
  for (let at = 0; at < height; at += 1) {
    const from = at * (stride + 1) + 1;
    const undo = UNDO[raw[from - 1]];
    if (!undo) throw new Error("unknown filter");
    const row = rows.subarray(at * stride, (at + 1) * stride);
    row.set(raw.subarray(from, from + stride));
    undo(row, up);
    up = row;
  }
  return rows;
}

/**
 * The depth in `bytes`: {width, height, codes, low, high}; `codes` Uint16Array, row by row, 0 for the
 * depth `low` (farthest) and 65535 for `high` (nearest). Throws where it is another kind of PNG.
 */
export async function readPng16(bytes) {
  const found = { data: [], about: {} };
  for (const [kind, body] of chunks(bytes)) {
    if (kind === "IHDR") found.head = body;
    if (kind === "IDAT") found.data.push(body);
    if (kind === "tEXt") {
      const text = new TextDecoder("latin1").decode(body);
      if (text.startsWith("depthq\0")) found.about = JSON.parse(text.slice(7));
    }
  }
  const head = new DataView(found.head.buffer, found.head.byteOffset);
  const [width, height] = [head.getUint32(0), head.getUint32(4)];
  if (head.getUint8(8) !== 16 || head.getUint8(9) !== 0 || head.getUint8(12) !== 0) throw new Error("not 16-bit gray");
  const rows = unfiltered(await inflate(found.data), width, height);
  const codes = new Uint16Array(width * height);
  for (let at = 0; at < codes.length; at += 1) codes[at] = (rows[2 * at] << 8) | rows[2 * at + 1];
  return { width, height, codes, low: found.about.min ?? 0, high: found.about.max ?? 1 };
}
