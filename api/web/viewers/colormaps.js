// The color scales. `colormaps.bin` holds 256 colors of each, RGB, in this order (written by
// `python -m tests.unit.web.colormaps` from the service's own tables).

export const COLORMAPS = [
  "inferno", "gray", "magma", "plasma", "viridis", "cividis", "turbo", "jet", "bone", "hot", "parula",
  "deepgreen", "ocean", "pink", "cool", "hsv", "rainbow", "spring", "summer", "autumn", "winter",
  "twilight", "twilight_shifted",
];
const BYTES = 256 * 3;

let tables;

/** The 256 colors of the scale `name`: Uint8Array of R, G, B, R, …, far to near. */
export async function colorsOf(name) {
  tables ??= fetch(new URL("./colormaps.bin", import.meta.url)).then((answer) => answer.arrayBuffer());
  return new Uint8Array(await tables, Math.max(0, COLORMAPS.indexOf(name)) * BYTES, BYTES);
}
