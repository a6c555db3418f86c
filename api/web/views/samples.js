// Sample pictures.

import { h } from "../dom.js";
import { say } from "../words/language.js";

const NAMES = ["coffee", "cat", "astronaut"];

async function fetched(name) {
  const answer = await fetch(new URL(`../samples/${name}.jpg`, import.meta.url));
  return new File([await answer.blob()], `${name}.jpg`, { type: "image/jpeg" });
}

/** Fill `box` with a button for each sample; `take(files)` gets the one that is pressed. */
export function offerSamples(box, take) {
  box.replaceChildren(say("samples.try"), " ", ...NAMES.map((name) => h("button", {
    type: "button", class: "quiet sample", onclick: async () => take([await fetched(name)]),
  }, say(`sample.${name}`))));
}
