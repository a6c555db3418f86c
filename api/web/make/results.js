// What was made of a picture: shown, heard or read; kept one by one, some, or all as a ZIP.

import { h } from "../dom.js";
import { fileName, keepBlob } from "../files.js";
import { bytes } from "../http.js";
import { known, say } from "../words/language.js";
import { zip } from "../zip.js";

const VOICES = { en: "en", zh: "zh-CN" };
const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

function aloud(text, tongue) {
  if (!("speechSynthesis" in globalThis)) return null;
  const speak = () => {
    speechSynthesis.cancel();
    speechSynthesis.speak(Object.assign(new SpeechSynthesisUtterance(text), { lang: VOICES[tongue] ?? "en" }));
  };
  return h("button", { type: "button", class: "quiet", onclick: speak }, say("make.aloud"));
}

function animated(url, words) {
  const image = h("img", { alt: words, src: url });
  if (!still()) return image;
  image.hidden = true; // moves only when asked to
  const play = h("button", { type: "button", class: "quiet", onclick: () => { image.hidden = !image.hidden; } }, say("make.play"));
  return h("div", {}, play, image);
}

async function shownAs(blob, url, output, options) {
  const kind = blob.type.split("/")[0];
  const words = say("make.of", { output: nameOf(output) });
  if (output === "parallax") return animated(url, words);
  if (kind === "image") return h("img", { alt: words, src: url });
  if (kind === "audio") return h("audio", { controls: true, src: url, "aria-label": words });
  if (kind !== "text" && !blob.type.startsWith("application/json")) return null;
  const text = await blob.text();
  const node = h(kind === "text" ? "p" : "pre", { class: "said", lang: options.language ?? "en" }, text);
  return h("div", {}, node, kind === "text" ? aloud(text, options.language ?? "en") : null);
}

/** What an output is called in the language spoken now. */
export const nameOf = (output) => (known(`output.${output}`) ? say(`output.${output}`) : output);

export class Results {
  #made = [];

  constructor(picture) {
    this.picture = picture;
    this.list = h("ul", { class: "results" });
    this.told = h("p", { class: "small", role: "status" });
    const kept = (key, all) => h("button", { type: "button", class: "quiet", onclick: () => this.#keep(all) }, say(key));
    this.element = h("section", { class: "made", "aria-label": say("make.results"), hidden: true }, h("h3", {}, say("make.results")), this.list,
      h("div", { class: "row" }, kept("make.some", false), kept("make.all", true)), this.told);
  }

  /** Show `output` of `job`; the one before, of the same name, goes. Resolves to its words, if it is a text. */
  async add(job, output, options) {
    const blob = await bytes(job.outputs[output].url);
    const typed = blob.type ? blob : new Blob([blob], { type: job.outputs[output].media_type });
    const url = URL.createObjectURL(typed);
    const name = fileName({ name: this.picture.name, job }, output);
    const tick = h("input", { type: "checkbox", checked: true, "aria-label": say("make.choose", { output: nameOf(output) }) });
    const keep = h("button", { type: "button", class: "quiet", onclick: () => keepBlob(typed, name), "aria-label": say("make.keep.of", { name }) }, say("make.keep"));
    const shown = await shownAs(typed, url, output, options);
    const item = h("li", { class: "result-item" }, h("div", { class: "row" }, tick, h("strong", {}, nameOf(output)), keep), shown);
    this.#drop(output);
    this.#made.push({ output, name, blob: typed, url, tick, item });
    this.list.prepend(item);
    this.element.hidden = false;
    return shown?.querySelector("p.said")?.textContent ?? "";
  }

  /** Scroll to what was made of `output`, if anything. */
  bring(output) {
    this.#made.find((made) => made.output === output)?.item.scrollIntoView({ block: "nearest" });
  }

  #drop(output) {
    const before = this.#made.find((made) => made.output === output);
    if (!before) return;
    this.#made = this.#made.filter((made) => made !== before);
    URL.revokeObjectURL(before.url);
    before.item.remove();
  }

  async #keep(all) {
    const chosen = this.#made.filter(({ tick }) => all || tick.checked).map(({ name, blob }) => ({ name, blob }));
    if (all) chosen.push(...await this.#first());
    if (!chosen.length) {
      this.told.textContent = say("make.none");
      return;
    }
    this.told.textContent = say("make.zipped", { n: chosen.length });
    keepBlob(await zip(chosen), `${this.picture.name.replace(/\.[^.]+$/, "")}.depthq.zip`);
  }

  // The depth and the heat map of the picture's own job belong to "all".
  async #first() {
    const { outputs } = this.picture.job;
    const names = Object.keys(outputs).filter((output) => !this.#made.some((made) => made.output === output));
    return Promise.all(names.map(async (output) => ({ name: fileName(this.picture, output), blob: await bytes(outputs[output].url) })));
  }

  close() {
    for (const { url } of this.#made) URL.revokeObjectURL(url);
    globalThis.speechSynthesis?.cancel();
  }
}

