// Draws the shape of a picture with three.js, turned about its middle. Loaded only when asked for.

import {
  BufferAttribute, BufferGeometry, CanvasTexture, Mesh, MeshBasicMaterial, PerspectiveCamera, DoubleSide, Points,
  PointsMaterial, SRGBColorSpace, Scene, WebGLRenderer,
} from "../vendor/three/three.module.min.js";
import { framing } from "./frame.js";
import { surface } from "./geometry.js";

const MOST_TURN = 1.2; // radians: behind it there is nothing to see
const TEXTURE_PX = 2048;
const DRAWN_PX = 3_000_000; // in all: many a screen of 4K has no graphics card behind it

const GUESSED = 0xd0d0d0; // darker: behind an edge the photograph tells nothing

const clamp = (value, most) => Math.min(most, Math.max(-most, value));

function textureOf(image, width, height) {
  const scale = Math.min(1, TEXTURE_PX / Math.max(width, height));
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  const texture = new CanvasTexture(canvas);
  texture.colorSpace = SRGBColorSpace;
  return texture;
}

function fill(geometry, positions, uvs) {
  geometry.setAttribute("position", new BufferAttribute(positions, 3));
  geometry.setAttribute("uv", new BufferAttribute(uvs, 2));
  geometry.computeBoundingSphere();
}

export class SolidScene {
  #turn = { yaw: 0, pitch: 0, near: 1 };
  #asked = false;

  /** Throws where there is no WebGL. `image`: what is laid on the surface of `depth`. */
  constructor(canvas, image, depth) {
    this.renderer = new WebGLRenderer({ canvas, antialias: true });
    this.renderer.setClearColor(getComputedStyle(canvas).backgroundColor);
    this.canvas = canvas;
    this.depth = depth;
    this.scene = new Scene();
    this.camera = new PerspectiveCamera(50, 1, 0.01, 1000);
    this.texture = textureOf(image, depth.width, depth.height);
    this.geometry = new BufferGeometry();
    this.relief = new Mesh(this.geometry, new MeshBasicMaterial({ map: this.texture, side: DoubleSide }));
    this.skirt = new Mesh(new BufferGeometry(), new MeshBasicMaterial({ map: this.texture, side: DoubleSide, color: GUESSED }));
    this.cloud = new Points(this.geometry, new PointsMaterial({ map: this.texture, size: 0.012 }));
    // Each point takes its color from the photograph: the texture is read at the vertex, not the sprite.
    this.cloud.material.onBeforeCompile = (shader) => {
      shader.vertexShader = `varying vec2 vAt;\n${shader.vertexShader}`.replace("void main() {", "void main() {\n\tvAt = uv;");
      shader.fragmentShader = `varying vec2 vAt;\n${shader.fragmentShader}`
        .replace("#include <map_particle_fragment>", "diffuseColor *= texture2D(map, vAt);");
    };
    this.scene.add(this.relief, this.skirt, this.cloud);
    this.style("relief");
  }

  /** Draw it as "relief" or "cloud". */
  style(name) {
    this.relief.visible = this.skirt.visible = name === "relief";
    this.cloud.visible = name === "cloud";
    this.draw();
  }

  /** Shape it anew for a field of view in degrees and how many times as far the farthest is. */
  shape(fov, ratio) {
    const { positions, uvs, indices, skirt, middle } = surface(this.depth, { fov, ratio });
    fill(this.geometry, positions, uvs);
    this.geometry.setIndex(new BufferAttribute(indices, 1));
    fill(this.skirt.geometry, skirt.positions, skirt.uvs);
    Object.assign(this, { middle, positions });
    this.wide = fov;
    this.draw();
  }

  /** Turn by fractions of a half turn. */
  turn(dx, dy) {
    this.#turn.yaw = clamp(this.#turn.yaw - dx * Math.PI, MOST_TURN);
    this.#turn.pitch = clamp(this.#turn.pitch + dy * Math.PI, MOST_TURN);
    this.draw();
  }

  /** Go nearer by `factor`; 0: back to the photographer's place. */
  nearer(factor) {
    this.#turn = factor ? { ...this.#turn, near: Math.min(6, Math.max(0.3, this.#turn.near * factor)) } : { yaw: 0, pitch: 0, near: 1 };
    this.draw();
  }

  /** Where it is looked at from, for words. */
  get angles() {
    const degrees = (radians) => Math.round((radians * 180) / Math.PI);
    return { yaw: degrees(this.#turn.yaw), pitch: degrees(this.#turn.pitch) };
  }

  /** Draw at the next frame, once. */
  draw() {
    if (this.#asked || !this.middle) return;
    this.#asked = true;
    requestAnimationFrame(() => {
      this.#asked = false;
      this.#render();
    });
  }

  #render() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!width || !height) return;
    this.renderer.setPixelRatio(Math.min(2, devicePixelRatio, Math.sqrt(DRAWN_PX / (width * height))));
    this.renderer.setSize(width, height, false);
    const tall = this.depth.height / this.depth.width;
    const across = Math.tan((this.wide * Math.PI) / 360) * Math.max(1, (tall * width) / height);
    const high = (across * height) / width;
    const { yaw, pitch, near } = this.#turn;
    const { wider, right, up } = framing(this.positions, { yaw, pitch, middle: this.middle }, { across, high });
    this.camera.aspect = width / height;
    this.camera.fov = (360 / Math.PI) * Math.atan(high * wider);
    this.camera.setViewOffset(width, height, (right * width) / 2, (-up * height) / 2, width, height);
    const away = this.middle / near;
    this.camera.position.set(away * Math.sin(yaw) * Math.cos(pitch), away * Math.sin(pitch), away * Math.cos(yaw) * Math.cos(pitch) - this.middle);
    this.camera.lookAt(0, 0, -this.middle);
    this.renderer.render(this.scene, this.camera);
  }

  /** Give back what the graphics card holds. */
  close() {
    this.texture.dispose();
    this.geometry.dispose();
    this.skirt.geometry.dispose();
    this.renderer.dispose();
  }
}
