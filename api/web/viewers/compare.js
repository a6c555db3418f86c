// The comparison of photograph and heat map: drag anywhere, or use the arrow keys.

/** Wire the divider of `stage`; the range input carries keyboard and screen readers. */
export function compare(stage, name) {
  const range = stage.querySelector(".stage-range");
  range.setAttribute("aria-label", `Compare ${name} with its depth map`);
  const show = () => {
    stage.style.setProperty("--at", `${range.value}%`);
    range.setAttribute("aria-valuetext", `${100 - range.value} % depth map`);
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
  show();
}
