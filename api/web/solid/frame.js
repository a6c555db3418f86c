// Where a turned shape stands in the frame: what it takes to see all of it.

const NEAREST = 0.05; // of the camera's distance: what is nearer to it is seen in pieces anyway
const MOST = 2; // frames: a corner that comes up to the camera must not make all else tiny
const EVERY = 7; // one point in so many tells enough

/**
 * How a camera that sees `across` and `high` (tangents of half its fields of view), turned by `yaw` and `pitch` (radians)
 * about what lies at the distance `middle` before it, has to look for `positions` (x, y, z of each point) to be in its
 * frame: {wider, right, up}. `wider`, 1…2, is a factor of its view; `right` and `up` are shifts by halves of the frame.
 */
export function framing(positions, { yaw, pitch, middle }, { across, high }) {
  const [sy, cy, sp, cp] = [Math.sin(yaw), Math.cos(yaw), Math.sin(pitch), Math.cos(pitch)];
  const ends = { left: 0, right: 0, low: 0, top: 0 };
  for (let at = 0; at + 2 < positions.length; at += 3 * EVERY) {
    const [x, y, z] = [positions[at], positions[at + 1], positions[at + 2] + middle];
    const away = middle - x * sy * cp - y * sp - z * cy * cp;
    if (away < NEAREST * middle) continue;
    const [u, v] = [(x * cy - z * sy) / (away * across), (y * cp - (x * sy + z * cy) * sp) / (away * high)];
    ends.left = Math.min(ends.left, Math.max(u, -MOST));
    ends.right = Math.max(ends.right, Math.min(u, MOST));
    ends.low = Math.min(ends.low, Math.max(v, -MOST));
    ends.top = Math.max(ends.top, Math.min(v, MOST));
  }
  const wider = Math.max(1, (ends.right - ends.left) / 2, (ends.top - ends.low) / 2);
  return { wider, right: (ends.right + ends.left) / 2 / wider, up: (ends.top + ends.low) / 2 / wider };
}
