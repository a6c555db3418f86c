// One picture's card: its state, then photograph and heat map with a divider between them.

import { here, shown } from "../http.js";
import { fileName, saveAs } from "../files.js";
import { compare } from "../viewers/compare.js";
import { describe } from "../viewers/describe.js";
import { say, translate } from "../words/language.js";
import { sentence } from "../words/phrases.js";

const COMPARING = [".stage-range", ".stage-divider", ".stage-tag-left", ".stage-tag-right"];

export class Card {
  #picture;
  #shown = false;
  #compared;
  #told;

  /**
   * Build the card of `picture`; `on.remove`, `on.again`, `on.open` are called with the picture, `on.told` with it and
   * what is to be said of its result.
   */
  constructor(picture, template, on) {
    this.#picture = picture;
    this.#told = (words) => on.told(picture, words);
    this.element = template.content.firstElementChild.cloneNode(true);
    const name = this.#find(".card-name");
    name.textContent = name.title = picture.name;
    this.#find(".card-remove").addEventListener("click", () => on.remove(picture));
    this.#find(".card-open").addEventListener("click", () => on.open(picture));
    this.#find(".card-again").addEventListener("click", () => on.again(picture));
    this.#compared = compare(this.#find(".stage"), picture.name);
    if (picture.source) this.#showOriginal(picture.source);
    this.translate();
  }

  #find(selector) {
    return this.element.querySelector(selector);
  }

  /** Say everything again, in the language spoken now. */
  translate() {
    const { name } = this.#picture;
    translate(this.element);
    this.#compared();
    this.#find(".card-remove").setAttribute("aria-label", say("card.remove", { name }));
    this.#find(".card-progress").setAttribute("aria-label", say("card.progress", { name }));
    this.#find(".card-open").setAttribute("aria-label", say("card.open.of", { name }));
    this.#find(".get-depth").setAttribute("aria-label", say("card.get.depth.of", { name }));
    this.#find(".get-heatmap").setAttribute("aria-label", say("card.get.heatmap.of", { name }));
    this.#find(".stage-original").alt = say("card.photograph", { name });
    this.#describe();
    this.update();
  }

  /** Show what the picture's state is now. */
  update() {
    const picture = this.#picture;
    this.element.dataset.state = picture.state;
    this.#find(".card-state").textContent = sentence(picture);
    const bar = this.#find(".card-progress");
    bar.hidden = !["uploading", "queued", "running"].includes(picture.state);
    if (picture.state === "uploading" && picture.progress < 1) bar.value = picture.progress;
    else bar.removeAttribute("value"); // no honest number: the bar only says that something moves
    this.#find(".stage").hidden = this.#blank();
    const mayWork = picture.state === "expired" || picture.error?.passing || picture.error?.retryable || picture.error?.code === "not_found";
    this.#find(".card-again").hidden = !(picture.file && mayWork);
    if (picture.state === "succeeded" && !this.#shown) this.#showResult();
  }

  // A failed picture that this browser cannot show either has nothing to frame. Whether it can is known only once it
  // was tried, and an image that loads lazily is not tried below the fold, nor ever in a frame that is hidden.
  #blank() {
    if (this.#picture.state !== "failed") return false;
    const image = this.#find(".stage-original");
    image.loading = "eager";
    return image.hidden || !image.naturalWidth;
  }

  #showOriginal(blob) {
    const image = this.#find(".stage-original");
    image.addEventListener("error", () => {
      image.hidden = true; // no picture, or a format unknown to this browser
      this.update();
    });
    image.src = URL.createObjectURL(blob);
    image.addEventListener("load", () => {
      this.#fit(image.naturalWidth, image.naturalHeight);
      this.update();
    });
    image.hidden = false;
  }

  #fit(width, height) {
    this.#find(".stage").style.setProperty("--ratio", width / height);
  }

  async #showResult() {
    this.#shown = true;
    const { outputs } = this.#picture.job;
    for (const output of ["depth", "heatmap"]) this.#offer(output, outputs[output]);
    this.#find(".card-actions").hidden = false;
    const heat = this.#find(".stage-heat");
    heat.addEventListener("load", () => this.#reveal(heat), { once: true });
    heat.addEventListener("error", () => {
      this.#find(".card-state").textContent = say("card.unshowable");
      this.#told(say("card.unshowable"));
    });
    this.#fit(outputs.heatmap.width, outputs.heatmap.height);
    heat.src = await shown(outputs.heatmap.url).catch(() => here(outputs.heatmap.url));
  }

  #reveal(heat) {
    heat.hidden = false;
    this.#describe();
    this.#told(heat.alt);
    const comparable = !this.#find(".stage-original").hidden;
    for (const selector of COMPARING) this.#find(selector).hidden = !comparable;
    this.#find(".stage").classList.toggle("comparable", comparable);
  }

  #describe() {
    const heat = this.#find(".stage-heat");
    if (!heat.hidden) heat.alt = describe(heat, this.#picture.name, this.#picture.job.options);
  }

  #offer(output, info) {
    const link = this.#find(`.get-${output}`);
    link.hidden = !info;
    if (!info) return;
    link.href = here(info.url);
    link.addEventListener("click", (event) => {
      event.preventDefault(); // a plain link could neither send a key nor use the picture's name
      saveAs(info.url, fileName(this.#picture, output));
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
