// Writes ZIP files without compressing: pictures are compressed already.

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});
const UTF8 = 0x800;
const MOST_BYTES = 0xffffffff; // beyond: another format (ZIP64)

/** The CRC-32 of `bytes`. */
export function crc32(bytes) {
  let value = 0xffffffff;
  for (let at = 0; at < bytes.length; at += 1) value = TABLE[(value ^ bytes[at]) & 255] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

function record(fields) {
  const view = new DataView(new ArrayBuffer(fields.reduce((sum, [size]) => sum + size, 0)));
  let at = 0;
  for (const [size, value] of fields) {
    if (size === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += size;
  }
  return view.buffer;
}

// A name that stays in the folder it is unpacked to: items are called what a bucket or a manifest calls them.
function inside(name) {
  const parts = name.replace(/[\\\p{Cc}]/gu, "_").split("/").filter((part) => !["", ".", ".."].includes(part));
  return parts.join("/") || "picture";
}

const numbered = (name, count) => name.replace(/(\.[^./]*)?$/, ` (${count})$1`);

/** Names made different, also where upper case is lower case: the second "a.png" is "a (2).png". */
export function different(names) {
  const [taken, counts] = [new Set(), new Map()];
  return names.map((name) => {
    let count = counts.get(name) ?? 1;
    let own = count === 1 ? name : numbered(name, count);
    while (taken.has(own.toLowerCase())) own = numbered(name, count += 1);
    counts.set(name, count);
    taken.add(own.toLowerCase());
    return own;
  });
}

/** A ZIP of `files`, [{name, blob}]; `told(done)` is called after each. Throws RangeError beyond 4 GiB. */
export async function zip(files, told = () => {}) {
  const [parts, entries] = [[], []];
  const names = different(files.map((file) => inside(file.name)));
  let offset = 0;
  for (const [at, { blob }] of files.entries()) {
    const name = new TextEncoder().encode(names[at]);
    const crc = crc32(new Uint8Array(await blob.arrayBuffer()));
    const about = [[2, 20], [2, UTF8], [2, 0], [2, 0], [2, 0x21], [4, crc], [4, blob.size], [4, blob.size], [2, name.length], [2, 0]];
    parts.push(record([[4, 0x04034b50], ...about]), name, blob);
    entries.push(record([[4, 0x02014b50], [2, 20], ...about, [2, 0], [2, 0], [2, 0], [4, 0], [4, offset]]), name);
    offset += 30 + name.length + blob.size;
    if (offset > MOST_BYTES) throw new RangeError("too large for a ZIP");
    told(at + 1);
  }
  const length = entries.reduce((sum, entry) => sum + entry.byteLength, 0);
  const end = record([[4, 0x06054b50], [2, 0], [2, 0], [2, files.length], [2, files.length], [4, length], [4, offset], [2, 0]]);
  return new Blob([...parts, ...entries, end], { type: "application/zip" });
}
