// Pointer, wheel and keys over a box, as plain intentions: zoom, pan, point, tap.

const STILL_PX = 6; // a finger that moves less has tapped
const STEP = 0.02; // of the box, per arrow key
const ZOOMS = { "+": 1.4, "=": 1.4, "-": 1 / 1.4, "0": 0 };
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/**
 * Call `on.zoom(factor, x, y)` (factor 0: show all), `on.pan(dx, dy)`, `on.point(x, y)` (hovered),
 * `on.tap(x, y)`, `on.step(dx, dy)` (arrow keys) and `on.pick()` (Enter) for what happens over
 * `box`. Coordinates are fractions of the box that `boxOf(event)` names.
 */
export function gestures(box, boxOf, on) {
  const held = new Map(); // pointer → [x, y] in pixels
  let travelled = 0;
  const at = (event) => {
    const { left, top, width, height } = boxOf(event).getBoundingClientRect();
    return [(event.clientX - left) / width, (event.clientY - top) / height, width, height];
  };

  function pinched(event, [beforeX, beforeY]) {
    const other = [...held].find(([id]) => id !== event.pointerId)[1];
    const apart = (x, y) => Math.hypot(x - other[0], y - other[1]);
    const [x, y] = at(event);
    on.zoom(apart(event.clientX, event.clientY) / Math.max(1, apart(beforeX, beforeY)), x, y);
  }

  box.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    box.setPointerCapture(event.pointerId);
    held.set(event.pointerId, [event.clientX, event.clientY]);
    if (held.size === 1) travelled = 0;
  });
  box.addEventListener("pointermove", (event) => {
    const before = held.get(event.pointerId);
    const [x, y, width, height] = at(event);
    if (!before) {
      on.point(x, y);
      return;
    }
    const [dx, dy] = [event.clientX - before[0], event.clientY - before[1]];
    travelled += Math.hypot(dx, dy);
    if (held.size > 1) pinched(event, before);
    else if (travelled > STILL_PX) on.pan(dx / width, dy / height);
    held.set(event.pointerId, [event.clientX, event.clientY]);
  });
  const end = (event) => {
    const alone = held.size === 1;
    if (!held.delete(event.pointerId)) return;
    const [x, y] = at(event);
    if (event.type === "pointerup" && alone && travelled <= STILL_PX) on.tap(x, y);
  };
  box.addEventListener("pointerup", end);
  box.addEventListener("pointercancel", end);
  box.addEventListener("wheel", (event) => {
    event.preventDefault();
    const [x, y] = at(event);
    on.zoom(Math.exp(-Math.sign(event.deltaY) * 0.2), x, y);
  }, { passive: false });
  box.addEventListener("keydown", (event) => {
    if (event.target !== box || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = STEP * (event.shiftKey ? 5 : 1);
    if (event.key in ARROWS) on.step(...ARROWS[event.key].map((way) => way * step));
    else if (event.key in ZOOMS) on.zoom(ZOOMS[event.key]);
    else if (event.key === "Enter" || event.key === " ") on.pick();
    else return;
    event.preventDefault();
  });
}
