// The tab to look: how it is shown, colors and range, what lies where.

import { choices, h, labelled, slider } from "../dom.js";
import { paint } from "../depth/paint.js";
import { COLORMAPS, colorsOf } from "../viewers/colormaps.js";
import { say } from "../words/language.js";
import { measuring } from "./measuring.js";

const percent = (share) => `${Math.round(100 * share)} %`;

class Look {
  #asked = false;

  constructor({ picture, photo, depth, canvas, stage }) {
    Object.assign(this, { depth, canvas, stage });
    const { colormap = "inferno", invert = false } = picture.job.options ?? {};
    this.colors = { name: colormap, invert, from: 0, to: 1 };
    this.legend = h("canvas", { width: 256, height: 1, class: "legend-canvas", "aria-hidden": "true" });
    this.measuring = measuring(depth, stage);
    this.split = slider(say("look.divider"), { min: 0, max: 100, step: 1, value: 50 }, (n) => `${n} %`, (n) => stage.divide(n));
    this.cover = slider(say("look.cover"), { min: 0, max: 1, step: 0.05, value: 0.5 }, percent, (n) => stage.cover(n));
    stage.cover(0.5);
    this.element = h("div", { class: "look" }, this.#modes(photo), this.split, this.cover, this.#zooms(),
      this.#coloring(), this.#legend(), this.measuring.element);
    this.#show(stage.mode);
    this.#repaint();
  }

  #modes(photo) {
    const names = photo ? ["slider", "side", "overlay", "depth"] : ["depth"];
    return choices("look-mode", say("look.modes"), names.map((name) => [name, say(`mode.${name}`)]), this.stage.mode,
      (mode) => this.#show(mode));
  }

  #show(mode) {
    this.stage.show(mode);
    this.split.hidden = mode !== "slider";
    this.cover.hidden = mode !== "overlay";
  }

  #zooms() {
    const button = (key, sign, factor) => h("button", {
      type: "button", class: "quiet", "aria-label": say(key), title: say(key), onclick: () => this.stage.zoom(factor),
    }, sign);
    return h("div", { class: "row", role: "group", "aria-label": say("look.zoom") },
      button("look.in", "+", 1.5), button("look.out", "−", 1 / 1.5), button("look.all", say("look.all"), 0));
  }

  #coloring() {
    const colormap = h("select", { onchange: () => this.#color({ name: colormap.value }) },
      COLORMAPS.map((name) => new Option(name.replace("_", " "), name)));
    colormap.value = this.colors.name;
    const invert = h("input", { type: "checkbox", checked: this.colors.invert, onchange: () => this.#color({ invert: invert.checked }) });
    const bound = (key, name) => slider(say(key), { min: 0, max: 1, step: 0.01, value: this.colors[name] }, percent,
      (value) => this.#color({ [name]: value }));
    return h("div", { class: "controls" }, labelled(say("options.colors"), colormap),
      h("label", { class: "tick" }, invert, h("span", {}, say("look.invert"))),
      bound("look.from", "from"), bound("look.to", "to"));
  }

  #legend() {
    return h("div", { class: "legend" }, h("span", {}, say("head.far")), this.legend, h("span", {}, say("head.near")));
  }

  #color(change) {
    Object.assign(this.colors, change);
    this.#repaint();
  }

  // At most once per frame: a slider asks far more often.
  #repaint() {
    if (this.#asked) return;
    this.#asked = true;
    requestAnimationFrame(async () => {
      const colors = await colorsOf(this.colors.name);
      this.#asked = false;
      const { from, to, invert } = this.colors;
      const how = { colors, invert, from: Math.min(from, to), to: Math.max(from, to) };
      this.#fill(this.canvas, this.depth.codes, how);
      this.#fill(this.legend, Uint16Array.from({ length: 256 }, (_, at) => at * 257), how);
    });
  }

  #fill(canvas, codes, how) {
    const brush = canvas.getContext("2d");
    const image = brush.createImageData(canvas.width, canvas.height);
    paint(codes, image.data, how);
    brush.putImageData(image, 0, 0);
  }

  point(x, y) {
    this.measuring.point(x, y);
  }

  tap(x, y) {
    this.measuring.tap(x, y);
  }

  enter() {
    this.measuring.enter();
  }

  divided(at) {
    this.split.querySelector("input").value = at;
  }
}

/** The panel to look at the picture. */
export const lookPanel = (shared) => new Look(shared);
