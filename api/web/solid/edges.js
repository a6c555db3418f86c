// Soft steps made hard: a network draws the rim of a cup several pixels wide, and points on that slope hang between cup and wall.

const STEP = Math.log(1.15); // a change of distance that may be an edge
const REACH = 2; // cells: how soft an edge may be, to either side
const ROOM = 3 * REACH; // cells: where it is looked whether the change goes on
const SLOPE = 1.6; // a slope grows with the room, at least twofold; a step hardly

// The least (or most) of `values` within `reach` cells along one axis: cells lie `step` apart, `length` in a line.
function along(values, reach, better, step, length, start, out) {
  for (let at = 0; at < length; at += 1) {
    let best = values[start + at * step];
    for (let near = Math.max(0, at - reach); near <= Math.min(length - 1, at + reach); near += 1) {
      best = better(best, values[start + near * step]);
    }
    out[start + at * step] = best;
  }
}

function extreme(values, columns, rows, reach, better) {
  const [across, both] = [new Float32Array(values.length), new Float32Array(values.length)];
  for (let row = 0; row < rows; row += 1) along(values, reach, better, 1, columns, row * columns, across);
  for (let column = 0; column < columns; column += 1) along(across, reach, better, columns, rows, column, both);
  return both;
}

/**
 * Put every point on the slope of a soft step on its nearer or its farther side, whichever is closer.
 * `far`: distances of a grid, row by row; returns new ones. Slopes that go on stay as they are.
 */
export function hardened(far, columns, rows) {
  const logs = far.map(Math.log);
  const within = (reach, better) => extreme(logs, columns, rows, reach, better);
  const [near, most] = [within(REACH, Math.min), within(REACH, Math.max)];
  const [nearest, farthest] = [within(ROOM, Math.min), within(ROOM, Math.max)];
  return far.map((distance, at) => {
    const change = most[at] - near[at];
    if (change < STEP || farthest[at] - nearest[at] > SLOPE * change) return distance;
    return Math.exp(2 * logs[at] < near[at] + most[at] ? near[at] : most[at]);
  });
}
