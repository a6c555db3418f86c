// Many pictures: whether they become one dataset, and the datasets of this tab. What does the work
// is loaded when there is some.

import { tab } from "../memory.js";
import { say } from "../words/language.js";

const ANSWER = "depthq.many"; // asked once in a tab
const KNOWN = "depthq.datasets";

const KINDS = {
  datasets: async () => (await import("../bulk/card.js")).DatasetCard,
  videos: async () => (await import("../bulk/video_card.js")).VideoCard,
};

const $ = (id) => document.getElementById(id);

export class Bulk {
  #cards = [];

  /** `locked()` is called when the service wants a key; `options()` are those of the page. */
  constructor(locked, options) {
    Object.assign(this, { locked, options });
    for (const { id, name, kind } of tab.json(KNOWN, [])) this.#card(name, kind).then((card) => card.follow(id));
    $("bucket").addEventListener("toggle", () => this.#form(), { once: true });
  }

  /** Ask whether `files` become one dataset or single cards (`singly(files)`); once in a tab. */
  ask(files, options, singly) {
    const answers = { dataset: () => this.send(files, options), single: () => singly(files) };
    const before = tab.get(ANSWER);
    if (before in answers) {
      answers[before]();
      return;
    }
    $("many-words").textContent = say("many.ask", { n: files.length });
    $("many").hidden = false;
    $("many-dataset").focus();
    for (const [answer, act] of Object.entries(answers)) {
      $(`many-${answer}`).onclick = () => {
        tab.set(ANSWER, answer);
        $("many").hidden = true;
        act();
      };
    }
  }

  /** Send `files` as one dataset: a ZIP as it is, pictures zipped here. */
  async send(files, options) {
    const name = files.length === 1 ? files[0].name : say("bulk.name", { n: files.length });
    (await this.#card(name)).send(files, options);
  }

  /** Send a video. */
  async film(file, options) {
    (await this.#card(file.name, "videos")).send(file, options);
  }

  async #card(name, kind = "datasets") {
    const Kind = await KINDS[kind]();
    const card = new Kind(name, { changed: () => this.#keep(), locked: this.locked, gone: () => this.#gone(card) });
    this.#cards.push(card);
    $("dataset-list").append(card.element);
    $("datasets").hidden = false;
    return card;
  }

  async #form() {
    const { bucketForm } = await import("../bulk/form.js");
    $("bucket").append(bucketForm(async (spec) => {
      (await this.#card(spec.name || spec.prefix || spec.manifest)).start(spec);
    }, this.options, this.locked));
  }

  #gone(card) {
    this.#cards = this.#cards.filter((other) => other !== card);
    card.element.remove();
    $("datasets").hidden = !this.#cards.length;
    this.#keep();
  }

  #keep() {
    const known = this.#cards.filter((card) => card.id).map(({ id, name, kind }) => ({ id, name, kind }));
    tab.set(KNOWN, JSON.stringify(known));
  }

  /** Say everything again in the language spoken now. */
  translate() {
    for (const card of this.#cards) card.translate();
  }
}
