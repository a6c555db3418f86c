// Photograph and depth, one over or beside the other, to zoom, pan and point at.

import { h } from "../dom.js";
import { say } from "../words/language.js";
import { gestures } from "./gestures.js";
import { WHOLE, moved, pointAt, shows, zoomed } from "./zoom.js";

const SHARP = 6; // times enlarged: pixels show as they are

export class Stage {
  #view = WHOLE;
  #cursor = { x: 0.5, y: 0.5 };
  #marks = [];

  /** `photo`: an element or null; `depth`: a canvas; `on.point(x, y)`, `on.tap(x, y)`: of the picture, 0…1. */
  constructor({ photo, depth, ratio, name }, on) {
    this.on = on;
    this.layers = [photo, depth].filter(Boolean);
    this.clip = h("div", { class: "clip" }, depth);
    this.divider = h("div", { class: "divider", "aria-hidden": "true" });
    this.first = h("div", { class: "frame" }, photo, this.clip, this.divider);
    this.second = h("div", { class: "frame", hidden: true });
    this.cross = h("span", { class: "cross", "aria-hidden": "true", hidden: true });
    this.first.append(this.cross);
    this.element = h("div", {
      class: "look-stage", tabindex: "0", role: "application", "aria-label": say("look.stage", { name }),
      "aria-describedby": "look-keys",
    }, this.first, this.second);
    this.element.style.setProperty("--ratio", ratio);
    this.photo = photo;
    this.divide(50);
    this.show(photo ? "slider" : "depth");
    gestures(this.element, (event) => this.#frameOf(event), {
      zoom: (factor, x, y) => this.zoom(factor, x, y),
      pan: (dx, dy) => this.#look(moved(this.#view, dx, dy)),
      point: (x, y) => this.#inside(x, y) && this.on.point(...this.#point(x, y)),
      tap: (x, y) => this.#inside(x, y) && this.on.tap(...this.#point(x, y)),
      step: (dx, dy) => this.#step(dx, dy),
      pick: () => this.on.tap(this.#cursor.x, this.#cursor.y),
    });
    this.#dragDivider();
  }

  #frameOf(event) {
    if (this.second.hidden) return this.first;
    const { left, right, top, bottom } = this.second.getBoundingClientRect();
    const over = event.clientX >= left && event.clientX <= right && event.clientY >= top && event.clientY <= bottom;
    return over ? this.second : this.first;
  }

  #inside(x, y) {
    return x >= 0 && x <= 1 && y >= 0 && y <= 1;
  }

  #point(x, y) {
    const { x: px, y: py } = pointAt(this.#view, x, y);
    return [px, py];
  }

  /** Show it as "slider", "side", "overlay" or "depth". */
  show(mode) {
    this.mode = mode;
    this.element.dataset.mode = mode;
    this.second.hidden = mode !== "side";
    (mode === "side" ? this.second : this.first).append(this.clip);
    this.first.append(this.divider, this.cross);
    this.#draw();
  }

  /** Put the divider at `percent` of the width. */
  divide(percent) {
    this.element.style.setProperty("--at", `${percent}%`);
  }

  /** Let the depth cover the photograph by `share`, 0…1. */
  cover(share) {
    this.element.style.setProperty("--cover", share);
  }

  /** Enlarge by `factor` about x, y of the frame; 0: show all. */
  zoom(factor, x, y) {
    this.#look(factor ? zoomed(this.#view, factor, x, y) : WHOLE);
  }

  /** Mark points of the picture, [{x, y, label}]. */
  mark(points) {
    for (const mark of this.#marks) mark.node.remove();
    this.#marks = points.map(({ x, y, label }) => ({ x, y, node: h("span", { class: "mark-point", "aria-hidden": "true" }, label) }));
    this.first.append(...this.#marks.map((mark) => mark.node));
    this.#draw();
  }

  #step(dx, dy) {
    const clamp = (value) => Math.min(1, Math.max(0, value));
    this.#cursor = { x: clamp(this.#cursor.x + dx / this.#view.scale), y: clamp(this.#cursor.y + dy / this.#view.scale) };
    this.cross.hidden = false;
    this.#look(shows(this.#view, this.#cursor.x, this.#cursor.y));
    this.on.point(this.#cursor.x, this.#cursor.y);
  }

  #look(view) {
    this.#view = view;
    this.#draw();
  }

  #draw() {
    const { scale, x, y } = this.#view;
    for (const layer of this.layers) {
      layer.style.transform = `translate(${100 * x}%, ${100 * y}%) scale(${scale})`;
      layer.style.imageRendering = scale >= SHARP ? "pixelated" : "auto";
    }
    for (const { x: px, y: py, node } of [...this.#marks, { ...this.#cursor, node: this.cross }]) {
      node.style.left = `${100 * (x + px * scale)}%`;
      node.style.top = `${100 * (y + py * scale)}%`;
    }
  }

  #dragDivider() {
    this.divider.addEventListener("pointerdown", (event) => {
      event.stopPropagation();
      this.divider.setPointerCapture(event.pointerId);
    });
    this.divider.addEventListener("pointermove", (event) => {
      if (!this.divider.hasPointerCapture(event.pointerId)) return;
      event.stopPropagation();
      const { left, width } = this.first.getBoundingClientRect();
      const percent = Math.min(100, Math.max(0, (100 * (event.clientX - left)) / width));
      this.divide(percent);
      this.on.divided?.(percent);
    });
  }
}
