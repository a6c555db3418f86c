// The comparison of photograph and heat map: drag anywhere, or use the arrow keys.

import { say } from "../words/language.js";

/**
 * Wire the divider of `stage`; the range input carries keyboard and screen readers.
 * Returns a function that says its words again.
 */
export function compare(stage, name) {
  const range = stage.querySelector(".stage-range");
  const show = () => {
    stage.style.setProperty("--at", `${range.value}%`);
    range.setAttribute("aria-valuetext", say("card.share", { n: 100 - range.value }));
  };
  const follow = (event) => {
    const box = stage.getBoundingClientRect();
    range.value = Math.round(((event.clientX - box.left) / box.width) * 100);
    show();
  };
  range.addEventListener("input", show);
  stage.addEventListener("pointerdown", (event) => {
    if (range.hidden || event.button !== 0) return;
    stage.setPointerCapture(event.pointerId);
    range.focus({ preventScroll: true });
    follow(event);
  });
  stage.addEventListener("pointermove", (event) => {
    if (stage.hasPointerCapture(event.pointerId)) follow(event);
  });
  return () => {
    range.setAttribute("aria-label", say("card.compare", { name }));
    show();
  };
}
