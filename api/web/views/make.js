// The tab to make things: every output that the service declares, with its options.

import { h } from "../dom.js";
import { estimate } from "../make/estimate.js";
import { make } from "../make/run.js";
import { formOf } from "../make/form.js";
import { Results, nameOf } from "../make/results.js";
import { curl, pythonCall } from "../make/snippets.js";
import { endingOf } from "../files.js";
import { outputs, root } from "../http.js";
import { language, say } from "../words/language.js";
import { duration, explain, sentence } from "../words/phrases.js";

// What is looked at, heard or sent as it is; all others are files for other programs.
const AT_ONCE = ["refocus", "cutout", "parallax", "crops", "anaglyph", "stereo", "preview", "description", "speech", "sonify"];

class Make {
  #made = new Set();

  constructor({ picture, stage }) {
    Object.assign(this, { picture, stage });
    this.status = h("p", { role: "status", class: "small" }, picture.file ? say("make.hint") : say("make.again"));
    this.menu = h("div", { class: "menus" });
    this.results = new Results(picture);
    this.element = h("div", { class: "make" }, this.status, this.results.element, this.menu);
    this.quit = new AbortController();
    if (picture.file) this.#list();
  }

  async #list() {
    try {
      const all = await outputs();
      const named = new Map(all.map((output) => [output.name, output]));
      this.#group("make.at.once", AT_ONCE.filter((name) => named.has(name)).map((name) => named.get(name)));
      this.#group("make.files", all.filter(({ name }) => !AT_ONCE.includes(name)));
    } catch (error) {
      this.status.textContent = explain(error.code);
    }
  }

  #group(title, entries) {
    if (entries.length) this.menu.append(h("h3", {}, say(title)), h("ul", { class: "menu" }, entries.map((output) => this.#entry(output))));
  }

  #entry(output) {
    const body = h("div", { class: "menu-body", id: `make-${output.name}`, hidden: true });
    const head = h("button", {
      type: "button", class: "menu-head", "aria-expanded": "false", "aria-controls": body.id, onclick: () => this.#open(output, head, body),
    }, h("strong", {}, nameOf(output.name)), this.#about(output), h("span", { class: "small" }, output.line[language()] ?? output.line.en));
    return h("li", {}, head, body);
  }

  // A service of the version before declares no cost.
  #about({ cost }) {
    if (!cost) return null;
    const seconds = estimate(cost, this.picture.job);
    return h("span", { class: "menu-about small" }, seconds < 1 ? duration(seconds) : say("make.about", { time: duration(seconds) }));
  }

  #open(output, head, body) {
    const opens = body.hidden;
    for (const other of this.menu.querySelectorAll(".menu-head")) other.setAttribute("aria-expanded", "false");
    for (const other of this.menu.querySelectorAll(".menu-body")) other.hidden = true;
    if (!body.firstChild) this.#fill(output, body);
    body.hidden = !opens;
    head.setAttribute("aria-expanded", String(opens));
    this.open = opens ? body.entry : null;
    this.stage.mark(this.open?.mark ? [this.open.mark] : []);
  }

  #fill(output, body) {
    const entry = { output, form: formOf(output.options, () => this.#changed(entry)) };
    body.entry = entry;
    const go = h("button", { type: "button", class: "button", onclick: () => this.#show(entry, go) }, say("make.go"));
    const code = h("pre", { class: "code", tabindex: "0", hidden: true });
    const copy = (key, text) => h("button", { type: "button", class: "quiet", onclick: () => this.#copy(code, text()) }, say(key));
    const { name } = this.picture;
    const ending = () => endingOf(output.media_types[entry.form.values()[output.format_option]] ?? Object.values(output.media_types)[0]);
    body.append(entry.form.element, h("div", { class: "row" }, go,
      copy("make.curl", () => curl(root(), name, output.name, { ...this.#model(), ...entry.form.values() }, ending())),
      copy("make.python", () => pythonCall(root(), name, output.name, { ...this.#model(), ...entry.form.values() }))), code);
  }

  async #copy(code, text) {
    code.textContent = text;
    code.hidden = false;
    try {
      await navigator.clipboard.writeText(text);
      this.status.textContent = say("make.copied");
    } catch {
      getSelection().selectAllChildren(code); // no clipboard here: the visitor presses Ctrl-C
      this.status.textContent = say("make.select");
    }
  }

  // What was made once follows its sliders.
  #changed(entry) {
    if (this.#made.has(entry.output.name)) this.#make(entry);
  }

  // Asked for by the button, perhaps far down the menu: what comes of it is brought into view.
  async #show(entry, go) {
    go.setAttribute("aria-busy", "true");
    await this.#make(entry);
    go.removeAttribute("aria-busy");
    this.results.bring(entry.output.name);
  }

  // By the network that made the depth, where the visitor chose one.
  #model() {
    const { model } = this.picture.options ?? {};
    return model ? { model } : {};
  }

  async #make(entry) {
    const { name } = entry.output;
    const options = entry.form.values();
    const turn = (entry.turn ?? 0) + 1;
    entry.turn = turn;
    this.status.textContent = say("make.busy", { output: nameOf(name) });
    const asked = performance.now();
    try {
      const waits = (job) => { if (job.state === "queued" && job.position && entry.turn === turn) this.status.textContent = sentence({ state: "queued", job }); };
      const job = await make(this.picture.file, { outputs: name, ...this.#model(), ...options }, this.quit.signal, waits);
      if (entry.turn !== turn || this.quit.signal.aborted) return; // a later one is under way
      const words = await this.results.add(job, name, options);
      this.#made.add(name);
      const done = say("make.done", { output: nameOf(name), time: duration((performance.now() - asked) / 1000) });
      this.status.replaceChildren(done, h("span", { class: "out-of-sight" }, words && ` ${words}`)); // a text is read out, as it is seen
    } catch (error) {
      if (entry.turn === turn) this.status.textContent = explain(error.code, error.detail);
    }
  }

  tap(x, y) {
    const { form } = this.open ?? {};
    if (!form?.place) return;
    form.place(x, y);
    this.open.mark = { x, y, label: "" };
    this.stage.mark([this.open.mark]);
    this.#make(this.open);
  }

  enter() {
    this.stage.mark(this.open?.mark ? [this.open.mark] : []);
  }

  close() {
    this.quit.abort();
    this.results.close();
  }
}

/** The panel to make outputs of the picture. */
export const makePanel = (shared) => new Make(shared);
