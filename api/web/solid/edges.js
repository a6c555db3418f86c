// Soft steps made hard: a network draws the rim of a cup several pixels wide, and points on that slope hang between cup and wall.

const STEP = Math.log(1.15); // a change of distance that may be an edge
const REACH = 2; // cells: how soft an edge may be, to either side
const ROOM = 3 * REACH; // cells: where it is looked whether the change goes on
const SLOPE = 1.6; // a slope grows with the room, at least twofold; a step hardly

// The least of `values` within `reach` cells along one axis: cells lie `step` apart, `length` in a line.
function along(values, reach, step, length, start, out) {
  for (let at = 0; at < length; at += 1) {
    const last = Math.min(length - 1, at + reach);
    let least = Infinity;
    for (let near = Math.max(0, at - reach); near <= last; near += 1) {
      const value = values[start + near * step];
      if (value < least) least = value; // a call of Math.min takes three times as long, at each move of a slider
    }
    out[start + at * step] = least;
  }
}

function leastWithin(values, columns, rows, reach) {
  const [across, both] = [new Float32Array(values.length), new Float32Array(values.length)];
  for (let row = 0; row < rows; row += 1) along(values, reach, 1, columns, row * columns, across);
  for (let column = 0; column < columns; column += 1) along(across, reach, columns, rows, column, both);
  return both;
}

/**
 * Put every point on the slope of a soft step on its nearer or its farther side, whichever is closer.
 * `far`: distances of a grid, row by row; returns new ones. Slopes that go on stay as they are.
 */
export function hardened(far, columns, rows) {
  const logs = far.map(Math.log);
  const turned = logs.map((log) => -log); // the most is the least of these
  const least = (reach) => leastWithin(logs, columns, rows, reach);
  const most = (reach) => leastWithin(turned, columns, rows, reach).map((log) => -log);
  const [near, away, nearest, farthest] = [least(REACH), most(REACH), least(ROOM), most(ROOM)];
  return far.map((distance, at) => {
    const change = away[at] - near[at];
    if (change < STEP || farthest[at] - nearest[at] > SLOPE * change) return distance;
    return Math.exp(2 * logs[at] < near[at] + away[at] ? near[at] : away[at]);
  });
}
