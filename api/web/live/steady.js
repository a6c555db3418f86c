// One range for the colors of a moving picture. Each frame's depth has a scale of its own; colored by
// its own least and greatest, all colors would change when one thing comes near.

const SLOWNESS = 0.85; // how much of the range before is kept, a frame
const TAIL = 0.01; // of the pixels at either end, which do not decide

/** Depths at the ends of {codes, low, high} (see depth/png16.js), without the outermost pixels. */
export function ends({ codes, low, high }) {
  const counts = new Uint32Array(256);
  for (const code of codes) counts[code >> 8] += 1;
  const aside = codes.length * TAIL;
  let [from, to, below, above] = [0, 255, counts[0], counts[255]];
  while (below < aside && from < 255) below += counts[from += 1];
  while (above < aside && to > 0) above += counts[to -= 1];
  const depth = (code) => low + ((high - low) * code) / 255;
  return [depth(from), depth(Math.max(to, from + 1))];
}

/** Follows the range of frame after frame. */
export class SteadyRange {
  #range;

  /** Where the scale begins and ends for `depth`, as fractions of its own codes (see depth/paint.js). */
  next(depth) {
    const found = ends(depth);
    this.#range = this.#range?.map((held, at) => SLOWNESS * held + (1 - SLOWNESS) * found[at]) ?? found;
    const width = depth.high - depth.low || 1;
    const [from, to] = this.#range.map((value) => (value - depth.low) / width);
    return { from, to };
  }

  /** Begin anew, as after a change of cameras. */
  forget() {
    this.#range = undefined;
  }
}

/** Which ninth of the picture is nearest, 0 (top left) to 8, by the mean of its codes. */
export function nearest({ codes, width, height }) {
  const [sums, counts] = [new Float64Array(9), new Float64Array(9)];
  for (let row = 0; row < height; row += 2) {
    for (let column = 0; column < width; column += 2) {
      const cell = 3 * Math.floor((3 * row) / height) + Math.floor((3 * column) / width);
      sums[cell] += codes[row * width + column];
      counts[cell] += 1;
    }
  }
  const means = Array.from(sums, (sum, cell) => sum / (counts[cell] || 1));
  return means.indexOf(Math.max(...means));
}
