// Colors of depth, at once, in the browser.

/**
 * Write the colors of `codes` into `pixels` (RGBA). `colors`: 256 times RGB, far to near; `from`, `to`:
 * the nearness (0…1) where the scale begins and ends; `invert` turns it round.
 */
export function paint(codes, pixels, { colors, from = 0, to = 1, invert = false }) {
  const table = new Uint8Array(65536);
  const [low, width] = [from * 65535, Math.max(1, (to - from) * 65535)];
  for (let code = 0; code < 65536; code += 1) {
    const at = Math.round((255 * Math.min(width, Math.max(0, code - low))) / width);
    table[code] = invert ? 255 - at : at;
  }
  for (let at = 0; at < codes.length; at += 1) {
    const color = 3 * table[codes[at]];
    pixels[4 * at] = colors[color];
    pixels[4 * at + 1] = colors[color + 1];
    pixels[4 * at + 2] = colors[color + 2];
    pixels[4 * at + 3] = 255;
  }
}
