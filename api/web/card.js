// One picture's card: its state, then photograph and heat map with a divider between them.

import { bytes, here, shown } from "./http.js";
import { compare } from "./viewers/compare.js";
import { describe } from "./viewers/describe.js";
import { duration, explain, finished, queued } from "./words/en.js";

const EXTENSIONS = { "image/png": "png", "image/jpeg": "jpg", "image/webp": "webp" };
const OTHERS = { png16: "png", npy: "npy", pfm: "pfm", exr: "exr", tiff16: "tif", tiff32: "tif" };
const STATES = {
  waiting: () => "Waiting to be sent",
  uploading: ({ progress }) => (progress >= 1 ? "Sent, being checked" : "Sending"),
  queued: ({ job }) => queued(job ?? {}),
  running: () => "Computing the depth",
  succeeded: ({ job }) => finished(job),
  failed: ({ error }) => explain(error?.code, error?.detail ?? error?.message),
  canceled: () => "Canceled",
  expired: () => explain("deadline_exceeded"),
};

/** The sentence that says where `picture` stands. */
export function sentence(picture) {
  const { notice } = picture;
  if (notice) return `${explain(notice.code)} Trying again in ${duration(Math.max(1, notice.seconds))}.`;
  return STATES[picture.state](picture);
}

const stem = (name) => name.replace(/\.[^.]+$/, "") || "picture";

function fileName(picture, output) {
  const extension = output === "depth"
    ? OTHERS[picture.job.options?.depth_format ?? "png16"]
    : EXTENSIONS[picture.job.outputs.heatmap.media_type] ?? "jpg";
  return `${stem(picture.name)}.${output}.${extension}`;
}

async function download(url, name) {
  const link = document.createElement("a");
  try {
    link.href = URL.createObjectURL(await bytes(url));
    link.download = name;
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  } catch {
    link.href = here(url); // a store that only plain links can read: the name will be the job's
  }
  link.click();
}

export class Card {
  #picture;
  #shown = false;

  /** Build the card of `picture`; `on.remove` and `on.again` are called with the picture. */
  constructor(picture, template, on) {
    this.#picture = picture;
    this.element = template.content.firstElementChild.cloneNode(true);
    const name = this.#find(".card-name");
    name.textContent = name.title = picture.name;
    const remove = this.#find(".card-remove");
    remove.setAttribute("aria-label", `Remove ${picture.name}`);
    remove.addEventListener("click", () => on.remove(picture));
    this.#find(".card-again").addEventListener("click", () => on.again(picture));
    compare(this.#find(".stage"), picture.name);
    if (picture.source) this.#showOriginal(picture.source);
    this.update();
  }

  #find(selector) {
    return this.element.querySelector(selector);
  }

  /** Show what the picture's state is now. */
  update() {
    const picture = this.#picture;
    this.element.dataset.state = picture.state;
    this.#find(".card-state").textContent = sentence(picture);
    const bar = this.#find(".card-progress");
    bar.hidden = !["uploading", "queued", "running"].includes(picture.state);
    bar.setAttribute("aria-label", `Progress of ${picture.name}`);
    if (picture.state === "uploading" && picture.progress < 1) bar.value = picture.progress;
    else bar.removeAttribute("value"); // no honest number: the bar only says that something moves
    this.#find(".stage").hidden = picture.state === "failed" && this.#find(".stage-original").hidden;
    const mayWork = picture.state === "expired" || picture.error?.passing || picture.error?.retryable;
    this.#find(".card-again").hidden = !(picture.file && mayWork);
    if (picture.state === "succeeded" && !this.#shown) this.#showResult();
  }

  #showOriginal(blob) {
    const image = this.#find(".stage-original");
    image.addEventListener("error", () => {
      image.hidden = true; // no picture, or a format unknown to this browser
      this.update();
    });
    image.src = URL.createObjectURL(blob);
    image.alt = `Photograph ${this.#picture.name}`;
    image.addEventListener("load", () => {
      this.#fit(image.naturalWidth, image.naturalHeight);
    });
    image.hidden = false;
  }

  #fit(width, height) {
    this.#find(".stage").style.setProperty("--ratio", width / height);
  }

  async #showResult() {
    this.#shown = true;
    const { outputs, options } = this.#picture.job;
    for (const output of ["depth", "heatmap"]) this.#offer(output, outputs[output]);
    this.#find(".card-actions").hidden = false;
    const heat = this.#find(".stage-heat");
    heat.addEventListener("load", () => this.#reveal(heat, options), { once: true });
    heat.addEventListener("error", () => {
      this.#find(".card-state").textContent = "The result is ready, but cannot be shown. Download it instead.";
    });
    this.#fit(outputs.heatmap.width, outputs.heatmap.height);
    heat.src = await shown(outputs.heatmap.url).catch(() => here(outputs.heatmap.url));
  }

  #reveal(heat, options) {
    heat.alt = describe(heat, this.#picture.name, options);
    heat.hidden = false;
    const original = this.#find(".stage-original");
    const comparable = !original.hidden;
    for (const selector of [".stage-range", ".stage-divider", ".stage-tag-left", ".stage-tag-right"]) {
      this.#find(selector).hidden = !comparable;
    }
    this.#find(".stage").classList.toggle("comparable", comparable);
  }

  #offer(output, info) {
    const link = this.#find(`.get-${output}`);
    link.hidden = !info;
    if (!info) return;
    link.href = here(info.url);
    link.setAttribute("aria-label", `Download the ${output === "depth" ? "depth" : "heat map"} of ${this.#picture.name}`);
    link.addEventListener("click", (event) => {
      event.preventDefault(); // a plain link could neither send a key nor use the picture's name
      download(info.url, fileName(this.#picture, output));
    });
  }

  /** Give back the memory that the browser holds for the images. */
  close() {
    for (const image of this.element.querySelectorAll("img")) {
      if (image.src.startsWith("blob:")) URL.revokeObjectURL(image.src);
    }
    this.element.remove();
  }
}
