// Numbers from depth. Nearness t is 0 at the farthest, 1 at the nearest. The inverse of distance is
// linear in t, but with a slope and an offset that a picture alone does not tell.

export const USUAL_RATIO = 5; // farthest over nearest, as the service assumes where nothing is known
const LEAST_RATIO = 2;
const MOST_RATIO = 20; // what scenes have, mostly
const LEAST_SPREAD = 0.02; // of t: the network's texture is no better than that
const TAPE = 0.02; // how wrong a measured distance may be, relatively
const REACH = 2; // pixels around a point that are read with it

/** What lies at x, y (fractions of width and height): {t, spread}, the median and how much it varies. */
export function readAt({ width, height, codes }, x, y) {
  const column = Math.min(width - 1, Math.floor(x * width));
  const row = Math.min(height - 1, Math.floor(y * height));
  const found = [];
  for (let r = Math.max(0, row - REACH); r <= Math.min(height - 1, row + REACH); r += 1) {
    for (let c = Math.max(0, column - REACH); c <= Math.min(width - 1, column + REACH); c += 1) {
      found.push(codes[r * width + c] / 65535);
    }
  }
  found.sort((a, b) => a - b);
  const spread = (found.at(-1) - found[0]) / 2;
  return { t: found[found.length >> 1], spread: Math.max(LEAST_SPREAD, spread) };
}

const inverse = (t, ratio) => t * (1 - 1 / ratio) + 1 / ratio;

/** A scale from known distances, [{t, spread, metres}], one or two: a list of possible {slope, offset}, the best first. */
export function scalesOf(known) {
  if (known.length === 1) {
    const [{ t, metres }] = known;
    return [USUAL_RATIO, LEAST_RATIO, MOST_RATIO].map((ratio) => {
      const unit = 1 / metres / inverse(t, ratio);
      return { slope: unit * (1 - 1 / ratio), offset: unit / ratio };
    });
  }
  const [a, b] = known;
  const sides = [[0, 0], [1, -1], [-1, 1], [1, 1], [-1, -1]];
  return sides.map(([da, db]) => {
    const [ta, tb] = [a.t + da * a.spread, b.t + db * b.spread];
    const slope = (1 / a.metres - 1 / b.metres) / (ta - tb);
    return { slope, offset: 1 / a.metres - slope * ta };
  });
}

/** Whether two known distances can make a scale: the nearer one must also look nearer. */
export const agree = ([a, b]) => Math.abs(a.t - b.t) > a.spread + b.spread && (a.t > b.t) === (a.metres < b.metres);

/** Metres at a reading {t, spread}: {best, least, most}; `most` is Infinity where nothing bounds it. */
export function metresAt(scales, { t, spread }) {
  const far = (at, { slope, offset }) => {
    const per = slope * at + offset;
    return per > 0 ? 1 / per : Infinity;
  };
  const all = scales.flatMap((scale) => [-spread, 0, spread].map((step) => far(t + step, scale)));
  return { best: far(t, scales[0]), least: Math.min(...all) * (1 - TAPE), most: Math.max(...all) * (1 + TAPE) };
}

/**
 * How two readings compare: {nearer: "a", "b" or null (too close to call), times, least, most}:
 * how many times as far the farther one is. Without scales the usual range of scenes is assumed.
 */
export function compared(a, b, scales) {
  if (Math.abs(a.t - b.t) <= Math.max(a.spread, b.spread)) return { nearer: null };
  const assumed = [USUAL_RATIO, LEAST_RATIO, MOST_RATIO].map((ratio) => ({ slope: 1 - 1 / ratio, offset: 1 / ratio }));
  const [near, far] = a.t > b.t ? [a, b] : [b, a];
  const times = (scales ?? assumed).map(({ slope, offset }) => {
    const below = slope * far.t + offset;
    return below > 0 ? (slope * near.t + offset) / below : Infinity;
  });
  return { nearer: a.t > b.t ? "a" : "b", times: times[0], least: Math.min(...times), most: Math.max(...times) };
}
