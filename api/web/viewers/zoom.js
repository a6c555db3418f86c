// Zoom and pan as numbers: what is shown of a box of 1 by 1; `x`, `y`: the shift in boxes.

export const WHOLE = { scale: 1, x: 0, y: 0 };
const MOST = 32;

const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

function within({ scale, x, y }) {
  return { scale, x: clamp(x, 1 - scale, 0), y: clamp(y, 1 - scale, 0) };
}

/** Enlarge `view` by `factor` about the point x, y of the box (0…1). */
export function zoomed(view, factor, x = 0.5, y = 0.5) {
  const scale = clamp(view.scale * factor, 1, MOST);
  const grown = scale / view.scale;
  return within({ scale, x: x - (x - view.x) * grown, y: y - (y - view.y) * grown });
}

/** Move `view` by dx, dy boxes. */
export const moved = (view, dx, dy) => within({ ...view, x: view.x + dx, y: view.y + dy });

/** The point of the picture (0…1) under the point x, y of the box. */
export const pointAt = (view, x, y) => ({
  x: clamp((x - view.x) / view.scale, 0, 1),
  y: clamp((y - view.y) / view.scale, 0, 1),
});

/** Move `view` so that the point x, y of the picture shows. */
export function shows(view, x, y) {
  const [left, top] = [view.x + x * view.scale, view.y + y * view.scale];
  return within({ ...view, x: view.x + clamp(left, 0, 1) - left, y: view.y + clamp(top, 0, 1) - top });
}
