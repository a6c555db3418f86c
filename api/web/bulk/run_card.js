// Long work, as a card: what it says, its progress, failures by code with their names, its buttons.

import { h } from "../dom.js";
import { known, say } from "../words/language.js";
import { duration, explain } from "../words/phrases.js";
import { cancelRun, failuresOf, getRun, removeRun, retryRun } from "./calls.js";
import { failures, progressOf } from "./progress.js";

const LOOK_MS = 1500;
const MOST_WAIT_S = 30;
const MOST_NAMES = 200;
const ACTS = ["download", "retry", "cancel", "remove"];
const remaining = (soon, late) => (soon === late ? say("bulk.left", { time: soon }) : say("bulk.eta", { soon, late }));
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Subclasses say `kind` ("datasets", "videos"), `counts(run)`, and do `download()` and `ended()`. */
export class RunCard {
  quit = new AbortController();

  /** What its download is called. */
  get takes() {
    return "download";
  }

  #words = () => "";
  #failed = [];

  /** `changed()`: there is an id to remember; `locked()`: a key is asked for; `gone(card)`: it was removed. */
  constructor(name, on) {
    Object.assign(this, { name, on });
    this.bar = h("progress", { max: 1 });
    this.status = h("p", { class: "tally" });
    this.spoken = h("p", { class: "out-of-sight", role: "status" }); // counts go by too fast to be read out: what changes in kind is
    this.errors = h("div", { class: "bulk-errors" });
    this.shown = h("div", { class: "run-shown" });
    this.buttons = Object.fromEntries(ACTS.map((act) => [act, h("button", {
      type: "button", class: "quiet", hidden: true, onclick: () => this.attempt(() => this[act]()),
    })]));
    this.element = h("li", { class: "dataset card" }, h("h3", { dir: "auto" }, name), this.status, this.spoken, this.bar, this.errors, this.shown,
      h("div", { class: "row" }, Object.values(this.buttons)));
    this.translate();
  }

  /** Say everything again in the language spoken now. */
  translate() {
    for (const [act, node] of Object.entries(this.buttons)) {
      const called = act === "download" ? this.takes : act;
      node.textContent = say(`act.${called}`);
      node.setAttribute("aria-label", say(`act.${called}.of`, { name: this.name }));
    }
    this.bar.setAttribute("aria-label", say("card.progress", { name: this.name }));
    this.status.textContent = this.#words();
    this.#showFailures();
  }

  /** Say `words()`, also when the language changes. */
  tell(words) {
    this.#words = words;
    this.status.textContent = words();
  }

  /** Do it; what the service or a limit refuses is said on the card. */
  async attempt(act) {
    try {
      await act();
    } catch (error) {
      if (error.name === "AbortError") return;
      if (error.status === 401) this.on.locked();
      if (!error.code && !(error instanceof RangeError)) throw error;
      this.tell(() => (error instanceof RangeError ? say("bulk.large") : explain(error.code, error.detail, this.kind)));
      this.#speak();
      this.bar.hidden = true;
      this.buttons.remove.hidden = false;
    }
  }

  #speak() {
    this.spoken.textContent = say("pictures.told", { name: this.name, words: this.status.textContent });
  }

  /** Show how far the sending is. */
  sending(share) {
    this.tell(() => say("bulk.sending", { n: Math.round(100 * share) }));
    this.bar.value = share;
  }

  /** Show how the run `id` goes on, to its end. */
  follow(id) {
    this.id = id;
    this.on.changed();
    return this.attempt(async () => {
      for (;;) {
        const run = await this.#patiently(() => getRun(this.kind, id));
        if (this.quit.signal.aborted) return;
        this.show(run);
        if (run.terminal) break;
        await pause(LOOK_MS);
      }
      if (this.counts(this.run).failed) this.#failed = await this.#patiently(() => failuresOf(this.kind, id, MOST_NAMES));
      this.#showFailures();
      if (this.run.state === "completed") await this.#patiently(() => this.ended());
    });
  }

  // A service that is away for a while is waited for: the run goes on without the page.
  async #patiently(act) {
    for (let tries = 1; ; tries += 1) {
      try {
        return await act();
      } catch (error) {
        if (!error.passing || this.quit.signal.aborted) throw error;
        const seconds = error.retryAfter || Math.min(MOST_WAIT_S, 2 ** tries);
        this.tell(() => say("state.again", { why: explain(error.code, error.detail, this.kind), time: duration(seconds) }));
        await pause(1000 * seconds);
      }
    }
  }

  /** Show the document `run`. */
  show(run) {
    const changed = run.state !== this.run?.state;
    this.run = run;
    const { share } = progressOf(this.counts(run));
    this.bar.hidden = run.terminal;
    if (share === null) this.bar.removeAttribute("value");
    else this.bar.value = share;
    this.tell(() => this.#sentence());
    if (changed) this.#speak();
    const { succeeded, failed } = this.counts(run);
    const completed = run.state === "completed";
    this.buttons.download.hidden = !(completed && succeeded);
    this.buttons.retry.hidden = !(completed && failed);
    this.buttons.cancel.hidden = run.terminal;
    this.buttons.remove.hidden = !run.terminal;
    this.#showFailures();
  }

  #sentence() {
    const { state, eta_p50_s: eta, eta_p90_s: late, error } = this.run;
    if (error) return explain(error.code, error.message, this.kind);
    const { done, total, failed, rate } = this.counts(this.run);
    const parts = [say(`dataset.${state}`), say("bulk.counts", { done, total, failed })];
    if (rate) parts.push(say("bulk.rate", { n: rate.toFixed(1) }));
    if (eta !== null && eta !== undefined) parts.push(remaining(duration(eta), duration(late ?? eta)));
    return parts.join(" · ");
  }

  #showFailures() {
    if (!this.run) return;
    const found = failures(this.counts(this.run).byCode, this.#failed);
    this.errors.replaceChildren(...found.map(({ code, count, names }) => h("details", {},
      h("summary", {}, say("bulk.failed", { n: count, why: known(`error.${code}`) ? say(`error.${code}`) : code })),
      h("ul", { class: "names" }, names.map((name) => h("li", { dir: "auto" }, name))))));
  }

  async ended() {}

  async retry() {
    await retryRun(this.kind, this.id);
    this.#failed = [];
    this.follow(this.id);
  }

  async cancel() {
    this.show(await cancelRun(this.kind, this.id));
  }

  async remove() {
    this.quit.abort();
    if (this.id) await removeRun(this.kind, this.id).catch(() => {}); // gone already, or goes when it expires
    this.on.gone(this);
  }
}
