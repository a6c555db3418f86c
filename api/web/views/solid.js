// The tab in space: the picture as a relief or a cloud of points, to turn.

import { choices, h, slider } from "../dom.js";
import { gestures } from "../viewers/gestures.js";
import { say } from "../words/language.js";

const START = { fov: 55, ratio: 5 };
const SWAY_MS = 2400;
const REST = 0.03; // of a half turn: straight on, a relief looks like its picture

class Solid {
  large = true;

  constructor({ picture, photo, depth, canvas: colors }) {
    Object.assign(this, { picture, depth, image: photo ?? colors });
    this.shape = { ...START };
    this.told = h("p", { class: "small", role: "status" }, say("solid.loading"));
    this.canvas = h("canvas", {
      class: "solid-canvas", tabindex: "0", role: "application", "aria-label": say("solid.canvas", { name: picture.name }), "aria-describedby": "solid-keys",
    });
    this.element = h("div", { class: "solid" }, this.canvas, h("div", { class: "solid-controls" }, this.told, this.#controls(),
      h("p", { id: "solid-keys", class: "small" }, say("solid.keys"))));
    this.ready = this.#load();
  }

  #controls() {
    const shape = (name, change) => slider(say(`option.${name}`), change, (n) => n.toFixed(name === "fov_deg" ? 0 : 1), (n) => {
      this.shape[name === "fov_deg" ? "fov" : "ratio"] = n;
      this.#shape();
    });
    this.controls = h("div", { class: "controls" },
      choices("solid-style", say("solid.style"), [["relief", say("solid.relief")], ["cloud", say("solid.cloud")]], "relief", (name) => this.scene?.style(name)),
      shape("fov_deg", { min: 15, max: 110, step: 1, value: START.fov }),
      shape("near_far_ratio", { min: 1.2, max: 20, step: 0.1, value: START.ratio }),
      h("button", { type: "button", class: "quiet", onclick: () => this.#turned(() => this.scene.nearer(0)) }, say("solid.reset")));
    return this.controls;
  }

  async #load() {
    try {
      const { SolidScene } = await import("../solid/scene.js");
      this.scene = new SolidScene(this.canvas, this.image, this.depth);
    } catch {
      this.#flat();
      return;
    }
    this.told.textContent = "";
    this.#shape();
    gestures(this.canvas, () => this.canvas, {
      zoom: (factor) => this.#turned(() => this.scene.nearer(factor)),
      pan: (dx, dy) => this.#turned(() => this.scene.turn(dx, dy)),
      step: (dx, dy) => this.#turned(() => this.scene.turn(-dx, -dy)),
      point: () => {}, tap: () => {}, pick: () => {},
    });
    this.resized = new ResizeObserver(() => this.scene.draw());
    this.resized.observe(this.canvas);
    this.#sway();
  }

  // Without WebGL: the picture as it is, flat, and why.
  #flat() {
    const copy = h("canvas", { class: "solid-flat", role: "img", "aria-label": say("card.photograph", { name: this.picture.name }), width: this.depth.width, height: this.depth.height });
    copy.getContext("2d").drawImage(this.image, 0, 0, copy.width, copy.height);
    this.canvas.replaceWith(copy);
    this.controls.remove();
    this.element.querySelector("#solid-keys").remove();
    this.told.textContent = say("solid.flat");
  }

  #shape() {
    this.scene?.shape(this.shape.fov, this.shape.ratio);
  }

  #turned(change) {
    this.moved = true;
    change();
    const { yaw, pitch } = this.scene.angles;
    this.told.textContent = say("solid.angles", { yaw, pitch });
  }

  // One sway to both sides shows that it is solid; it ends when the visitor takes over, or a little turned.
  #sway() {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.scene.turn(-REST, 0);
      return;
    }
    const start = performance.now();
    let before = 0;
    const step = (now) => {
      const share = Math.min(1, (now - start) / SWAY_MS);
      const place = 0.06 * Math.sin(share * 2 * Math.PI) - REST * share;
      if (this.moved || !this.element.isConnected) return;
      this.scene.turn(place - before, 0);
      before = place;
      if (share < 1) requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  enter() {
    this.scene?.draw();
  }

  close() {
    this.resized?.disconnect();
    this.ready.then(() => this.scene?.close());
  }
}

/** The panel with the picture in space. */
export const solidPanel = (shared) => new Solid(shared);
