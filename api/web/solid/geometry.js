// The shape of a picture in space, from its depth: plain numbers, for whatever draws them.

import { hardened } from "./edges.js";

const TORN = 1.15; // a step in distance by this factor between neighbours is an edge, not a surface

/** Distance for nearness t (0…1): 1 for the nearest, `ratio` for the farthest. */
export const distance = (t, ratio) => 1 / (t * (1 - 1 / ratio) + 1 / ratio);

/** Columns and rows of a grid over `width` by `height`, the longer side at most `side`. */
export function grid(width, height, side) {
  const scale = Math.min(1, side / Math.max(width, height));
  return [Math.max(2, Math.round(width * scale)), Math.max(2, Math.round(height * scale))];
}

function distances(depth, columns, rows, ratio) {
  const far = new Float32Array(columns * rows);
  for (let at = 0; at < far.length; at += 1) {
    const [u, v] = [((at % columns) + 0.5) / columns, (Math.floor(at / columns) + 0.5) / rows];
    const code = depth.codes[Math.floor(v * depth.height) * depth.width + Math.floor(u * depth.width)];
    far[at] = distance(code / 65535, ratio);
  }
  return hardened(far, columns, rows);
}

/**
 * The surface of `depth` as seen by a camera at the origin that looks along −z: {positions, uvs,
 * indices, skirt, middle}; `fov` is the horizontal field of view in degrees, `middle` the median distance.
 * Where the surface is torn, its triangles are in `skirt` ({positions, uvs}, three points each) instead: colored as
 * their farthest corner, for what is behind goes on there, if anything does.
 */
export function surface(depth, { side = 320, fov = 55, ratio = 5 }) {
  const [columns, rows] = grid(depth.width, depth.height, side);
  const focal = 0.5 / Math.tan((fov * Math.PI) / 360); // for a picture one wide
  const tall = depth.height / depth.width;
  const [positions, uvs] = [new Float32Array(3 * columns * rows), new Float32Array(2 * columns * rows)];
  const far = distances(depth, columns, rows, ratio);
  far.forEach((z, at) => {
    const [u, v] = [((at % columns) + 0.5) / columns, (Math.floor(at / columns) + 0.5) / rows];
    positions[3 * at] = ((u - 0.5) / focal) * z;
    positions[3 * at + 1] = (((0.5 - v) * tall) / focal) * z;
    positions[3 * at + 2] = -z;
    uvs[2 * at] = u;
    uvs[2 * at + 1] = 1 - v;
  });
  const [indices, torn] = triangles(far, columns, rows);
  return { positions, uvs, indices, skirt: skirtOf(torn, far, positions, uvs), middle: median(far) };
}

function median(values) {
  return Float32Array.from(values).sort()[values.length >> 1];
}

// Corners of whole triangles, and of torn ones, three by three.
function triangles(far, columns, rows) {
  const [whole, torn] = [[], []];
  const sort = (a, b, c) => {
    const [least, most] = [Math.min(far[a], far[b], far[c]), Math.max(far[a], far[b], far[c])];
    (most < least * TORN ? whole : torn).push(a, b, c);
  };
  for (let row = 0; row + 1 < rows; row += 1) {
    for (let column = 0; column + 1 < columns; column += 1) {
      const at = row * columns + column;
      sort(at, at + columns, at + 1);
      sort(at + 1, at + columns, at + columns + 1);
    }
  }
  return [Uint32Array.from(whole), torn];
}

function skirtOf(torn, far, positions, uvs) {
  const skirt = { positions: new Float32Array(3 * torn.length), uvs: new Float32Array(2 * torn.length) };
  torn.forEach((corner, at) => {
    const corners = torn.slice(at - (at % 3), at - (at % 3) + 3);
    const farthest = corners.reduce((one, other) => (far[other] > far[one] ? other : one));
    skirt.positions.set(positions.subarray(3 * corner, 3 * corner + 3), 3 * at);
    skirt.uvs.set(uvs.subarray(2 * farthest, 2 * farthest + 2), 2 * at);
  });
  return skirt;
}
