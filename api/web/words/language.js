// Which language the page speaks, and its sentences by key. All text that the page shows passes here.

import { device } from "../memory.js";

const CHOSEN = "depthq.language";
export const LANGUAGES = { en: "English", zh: "中文" };

let chosen = "en";
let words = {};

/** The language to speak: the remembered one, else the first that the browser asks for and we have. */
export function preferred(remembered, asked) {
  const all = [remembered, ...(asked ?? [])].filter(Boolean).map((name) => name.toLowerCase().split("-")[0]);
  return all.find((name) => name in LANGUAGES) ?? "en";
}

/** The language spoken now. */
export const language = () => chosen;

/** Speak `name` from now on; without one, what was chosen before or the browser prefers. */
export async function speak(name) {
  if (name) device.set(CHOSEN, name);
  chosen = name ?? preferred(device.get(CHOSEN), navigator.languages);
  words = (await import(`./${chosen}.js`)).default;
  document.documentElement.lang = chosen === "zh" ? "zh-Hans" : chosen;
}

/** Fill `{name}` in `sentence` from `values`; a sentence may be a function of them (plurals). */
export function fill(sentence, values = {}) {
  if (typeof sentence === "function") return sentence(values);
  return sentence.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** Whether there is a sentence `key`. */
export const known = (key) => key in words;

/** The sentence `key`, filled. A key that is missing shows itself, so that it is noticed. */
export const say = (key, values) => (key in words ? fill(words[key], values) : key);

/** Say what `data-say` (text), `data-say-label` and `data-say-title` ask for below `root`. */
export function translate(root) {
  for (const node of root.querySelectorAll("[data-say]")) node.textContent = say(node.dataset.say);
  for (const node of root.querySelectorAll("[data-say-label]")) {
    node.setAttribute("aria-label", say(node.dataset.sayLabel));
  }
  for (const node of root.querySelectorAll("[data-say-title]")) node.title = say(node.dataset.sayTitle);
}
