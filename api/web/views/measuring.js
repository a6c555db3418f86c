// What lies where: a read-out under the pointer, two points compared, metres from known distances.

import { h } from "../dom.js";
import { agree, compared, metresAt, readAt, scalesOf } from "../depth/measure.js";
import { language, say } from "../words/language.js";

const NAMES = ["A", "B"];

function number(value) {
  if (!Number.isFinite(value)) return "∞";
  return new Intl.NumberFormat(language(), { maximumSignificantDigits: value < 10 ? 2 : 3 }).format(value);
}

class Measuring {
  #points = [];
  #scales = null;

  constructor(depth, stage) {
    Object.assign(this, { depth, stage });
    this.reading = h("p", { class: "reading", "aria-live": "polite" }, say("measure.hint"));
    this.result = h("p", { class: "result", role: "status" }, say("measure.points"));
    this.trouble = h("p", { class: "small", role: "status" });
    this.metres = NAMES.map((name) => h("input", {
      type: "number", min: "0.01", step: "any", inputmode: "decimal", oninput: () => this.#calibrate(),
      "aria-label": say("measure.known", { name }), disabled: true,
    }));
    this.element = h("section", { class: "measuring", "aria-label": say("measure.title") },
      h("h3", {}, say("measure.title")), this.reading, this.result, this.#form(), this.trouble,
      h("button", { type: "button", class: "quiet", onclick: () => this.#clear() }, say("measure.clear")));
  }

  #form() {
    const rows = this.metres.map((input, at) => h("label", { class: "metres" }, h("span", {}, NAMES[at]), input, h("span", {}, say("measure.unit"))));
    return h("details", {}, h("summary", {}, say("measure.calibrate")), h("p", { class: "small" }, say("measure.how")), rows);
  }

  #far(reading) {
    if (!this.#scales) return say("measure.nearness", { n: Math.round(100 * reading.t) });
    const { best, least, most } = metresAt(this.#scales, reading);
    return say("measure.metres", { best: number(best), least: number(least), most: number(most) });
  }

  point(x, y) {
    this.reading.textContent = this.#far(readAt(this.depth, x, y));
  }

  tap(x, y) {
    const at = this.#points.length % NAMES.length;
    if (at === 0) this.#again();
    this.#points.push({ x, y, ...readAt(this.depth, x, y) });
    this.metres[at].disabled = false;
    this.#calibrate();
    this.enter();
  }

  // A new pair: its distances are not those of the last, but a scale found with them stays.
  #again() {
    this.#points = [];
    for (const input of this.metres) Object.assign(input, { value: "", disabled: true });
  }

  enter() {
    this.stage.mark(this.#points.map(({ x, y }, at) => ({ x, y, label: NAMES[at] })));
  }

  #clear() {
    this.#again();
    this.#scales = null;
    this.trouble.textContent = "";
    this.#tell();
    this.enter();
  }

  #calibrate() {
    const known = this.#points
      .map((point, at) => ({ ...point, metres: this.metres[at].valueAsNumber }))
      .filter(({ metres }) => metres > 0);
    const sound = known.length === 1 || (known.length === 2 && agree(known));
    this.trouble.textContent = known.length === 2 && !sound ? say("measure.disagree") : "";
    if (known.length === 1) this.trouble.textContent = say("measure.one");
    // Points that are tapped later are read with the scale that was found before.
    if (sound) this.#scales = scalesOf(known);
    else if (known.length === 2) this.#scales = null;
    this.#tell();
  }

  #tell() {
    const [a, b] = this.#points;
    if (!a) this.result.textContent = say("measure.points");
    else if (!b) this.result.textContent = say("measure.first", { a: this.#far(a) });
    else this.result.textContent = say("measure.both", { a: this.#far(a), b: this.#far(b), verdict: this.#verdict(a, b) });
  }

  #verdict(a, b) {
    const { nearer, times, least, most } = compared(a, b, this.#scales);
    if (!nearer) return say("measure.same");
    const [near, far] = nearer === "a" ? NAMES : [...NAMES].reverse();
    return say("measure.nearer", { near, far, times: number(times), least: number(least), most: number(most) });
  }
}

/** The measuring tools for `depth` on `stage`. */
export const measuring = (depth, stage) => new Measuring(depth, stage);
