// Depth of a camera, live: frames to `POST /v1/depth`, which keeps nothing, and colors over them.

import { readPng16 } from "../depth/png16.js";
import { paint } from "../depth/paint.js";
import { choices, h, labelled } from "../dom.js";
import { ROOT, call } from "../http.js";
import { Pace, frameSize, grab, rateMeter } from "../live/frames.js";
import { SteadyRange, nearest } from "../live/steady.js";
import { COLORMAPS, colorsOf } from "../viewers/colormaps.js";
import { known, say } from "../words/language.js";

const PATH = `${ROOT}v1/depth?output=depth&size=model&deadline_s=2`;
const pathOf = ({ model }) => (model ? `${PATH}&model=${encodeURIComponent(model)}` : PATH);
const TELL_EVERY_MS = 3000;
const REST_MS = 500;

class Live {
  #range = new SteadyRange();
  #rate = rateMeter();
  #toldAt = 0;
  #frozen = false;

  constructor({ keep, options, locked }) {
    Object.assign(this, { keep, locked, path: pathOf(options) });
    const { colormap } = options;
    this.pace = new Pace({
      ask: (signal) => this.#ask(signal),
      show: (depth, delay) => this.#show(depth, delay),
      trouble: (error) => this.#trouble(error),
    });
    this.#build(colormap);
    this.color(colormap);
  }

  async color(name) {
    this.colors = await colorsOf(name);
    if (this.last) this.#paint(this.last);
  }

  #build(colormap) {
    this.video = h("video", { autoplay: true, muted: true, playsinline: true, "aria-label": say("live.camera") });
    this.depth = h("canvas", { role: "img", "aria-label": say("live.depth"), width: 256, height: 192 });
    this.told = h("p", { class: "live-told" }, say("live.waiting"));
    this.heard = h("p", { class: "out-of-sight", role: "status", "aria-live": "polite" });
    this.speaks = h("input", { type: "checkbox" });
    this.mirrors = h("input", { type: "checkbox", onchange: () => this.#mirror() });
    this.cameras = h("select", { onchange: () => this.open(this.cameras.value) });
    this.freezer = h("button", { type: "button", class: "button", onclick: () => this.freeze() }, say("live.freeze"));
    this.keeper = h("button", { type: "button", class: "button second", disabled: true, onclick: () => this.#keep() }, say("live.keep"));
    const map = h("select", { onchange: () => this.color(map.value) }, ...COLORMAPS.map((name) => new Option(name, name)));
    map.value = colormap;
    this.stage = h("div", { class: "live-stage", "data-mode": "beside" }, this.video, this.depth);
    this.dialog = h("dialog", { class: "live", "aria-labelledby": "live-title", onclose: () => this.#close() },
      h("div", { class: "bar live-bar" }, h("h2", { id: "live-title" }, say("live.title")),
        h("button", { type: "button", class: "quiet", onclick: () => this.dialog.close() }, say("live.close"))),
      this.stage, this.told, this.heard,
      h("div", { class: "live-controls" }, this.freezer, this.keeper,
        choices("live-mode", say("live.mode"), [["beside", say("live.beside")], ["over", say("live.over")]], "beside",
          (mode) => { this.stage.dataset.mode = mode; }),
        labelled(say("options.colors"), map), labelled(say("live.which"), this.cameras),
        labelled(say("live.mirror"), this.mirrors), labelled(say("live.speak"), this.speaks)),
      h("p", { class: "small" }, say("live.kept")));
    this.dialog.addEventListener("keydown", (event) => this.#key(event));
    document.body.append(this.dialog);
    this.dialog.showModal();
    this.freezer.focus();
  }

  /** Open a camera and begin; `id` of a device, or the browser's choice. */
  async open(id) {
    this.#stopCamera();
    const which = id ? { deviceId: { exact: id } } : { facingMode: "user" };
    const size = { width: { ideal: 640 }, height: { ideal: 480 } };
    try {
      if (!navigator.mediaDevices) throw new DOMException("", "SecurityError");
      this.stream = await navigator.mediaDevices.getUserMedia({ video: { ...which, ...size }, audio: false });
    } catch (error) {
      this.told.textContent = say({ NotAllowedError: "live.refused", SecurityError: "live.insecure" }[error.name] ?? "live.none");
      return;
    }
    if (!this.dialog.open) { this.#stopCamera(); return; }
    this.video.srcObject = this.stream;
    await this.video.play();
    const [track] = this.stream.getVideoTracks();
    const { deviceId, facingMode } = track.getSettings();
    this.mirrors.checked = facingMode !== "environment"; // what faces its user is a mirror
    this.#mirror();
    await this.#list(deviceId);
    this.#range.forget();
    this.pace.start();
  }

  async #list(chosen) {
    const all = (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind === "videoinput");
    this.cameras.replaceChildren(...all.map(({ deviceId, label }, at) => new Option(label || `${at + 1}`, deviceId)));
    this.cameras.value = chosen;
  }

  async #ask(signal) {
    const frame = await grab(this.video, frameSize(this.video.videoWidth, this.video.videoHeight));
    const answer = await call(this.path, { method: "POST", body: frame, headers: { "Content-Type": "image/jpeg" }, signal });
    return readPng16(new Uint8Array(await answer.arrayBuffer()));
  }

  #show(depth, delay) {
    depth.shown = this.#range.next(depth);
    this.last = depth;
    this.#paint(depth);
    const rate = this.#rate();
    if (rate) this.told.textContent = say("live.told", { rate: rate.toFixed(1), delay: Math.round(delay) });
    const now = performance.now();
    if (!this.speaks.checked || now - this.#toldAt < TELL_EVERY_MS) return;
    this.#toldAt = now;
    const cell = nearest(depth);
    const seen = this.mirrors.checked ? cell + 2 - 2 * (cell % 3) : cell;
    this.heard.textContent = say("live.near", { near: say(`place.${seen}`) });
  }

  #paint(depth) {
    if (!this.colors) return;
    const { width, height, codes, shown } = depth;
    Object.assign(this.depth, { width, height });
    const image = new ImageData(width, height);
    paint(codes, image.data, { colors: this.colors, ...shown });
    this.depth.getContext("2d").putImageData(image, 0, 0);
  }

  #trouble(error) {
    if (error.status === 401) {
      this.dialog.close();
      this.locked();
      return 0;
    }
    const key = `error.${error.code}`;
    this.told.textContent = known(key) ? say(key) : say("error.internal");
    return error.retryAfter ? 1000 * error.retryAfter : REST_MS;
  }

  /** Stop at the present picture, or go on. */
  freeze() {
    if (!this.stream) return;
    this.#frozen = !this.#frozen;
    if (this.#frozen) {
      this.pace.stop();
      this.video.pause();
    } else {
      this.video.play();
      this.pace.start();
    }
    this.freezer.textContent = this.#frozen ? say("live.go") : say("live.freeze");
    this.keeper.disabled = !this.#frozen;
  }

  async #keep() {
    const blob = await grab(this.video);
    this.keep(new File([blob], `camera-${Date.now()}.jpg`, { type: "image/jpeg" }));
    this.dialog.close();
  }

  #mirror() {
    this.stage.classList.toggle("live-mirrored", this.mirrors.checked);
  }

  #key(event) {
    if (event.target.closest("button, select, input") && event.key === " ") return;
    if (event.key === " " || event.key === "f") {
      event.preventDefault();
      this.freeze();
    }
  }

  #stopCamera() {
    this.pace.stop();
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = null;
  }

  #close() {
    this.#stopCamera();
    this.dialog.remove();
  }
}

/** Show the camera's depth; `keep(file)` gets the picture to keep, `locked()` is called for want of a key. */
export async function showLive(about) {
  if (!document.querySelector("link[href$='live.css']")) {
    document.head.append(h("link", { rel: "stylesheet", href: new URL("../live.css", import.meta.url).href }));
  }
  const live = new Live(about);
  await live.open();
}
