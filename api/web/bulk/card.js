// One dataset: sending, rate, estimate, failures by code with their names, retry, download.

import { h } from "../dom.js";
import { keepBlob } from "../files.js";
import { known, say } from "../words/language.js";
import { duration, explain } from "../words/phrases.js";
import { zip } from "../zip.js";
import { bytesAt, cancelDataset, createDataset, failuresOf, getDataset, removeDataset, resultsOf, retryDataset, sendArchive } from "./calls.js";
import { failures, filesOf, progressOf } from "./progress.js";

const LOOK_MS = 1500;
const MOST_NAMES = 200;
const MOST_FILES = 2000; // beyond, a ZIP made here would take too much of the browser
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class DatasetCard {
  #quit = new AbortController();
  #words = () => "";
  #failed = [];

  constructor(name, { changed, locked, gone }) {
    Object.assign(this, { name, changed, locked, gone });
    this.bar = h("progress", { max: 1 });
    this.status = h("p", { class: "tally", role: "status" });
    this.errors = h("div", { class: "bulk-errors" });
    const button = (act) => h("button", { type: "button", class: "quiet", hidden: true, onclick: () => this.#do(act) });
    this.buttons = {
      download: button(() => this.#download()), retry: button(() => this.#retry()), cancel: button(() => this.#cancel()), remove: button(() => this.#remove()),
    };
    this.element = h("li", { class: "dataset card" }, h("h3", { dir: "auto" }, name), this.status, this.bar, this.errors,
      h("div", { class: "row" }, Object.values(this.buttons)));
    this.translate();
  }

  /** Say everything again in the language spoken now. */
  translate() {
    for (const [act, node] of Object.entries(this.buttons)) {
      node.textContent = say(`act.${act}`);
      node.setAttribute("aria-label", say(`act.${act}.of`, { name: this.name }));
    }
    this.bar.setAttribute("aria-label", say("card.progress", { name: this.name }));
    this.status.textContent = this.#words();
    this.#showFailures();
  }

  #say(words) {
    this.#words = words;
    this.status.textContent = words();
  }

  async #do(act) {
    try {
      await act();
    } catch (error) {
      if (error.status === 401) this.locked();
      if (!error.code && !(error instanceof RangeError)) throw error;
      this.#say(() => (error.code ? explain(error.code, error.detail) : say("bulk.large")));
      this.bar.hidden = true;
      this.buttons.remove.hidden = false;
    }
  }

  /** Send `files`: one ZIP as it is, or pictures, zipped here. */
  send(files, options) {
    return this.#do(async () => {
      const sending = (key) => (n) => { this.#say(() => say(key, { n, all: files.length })); this.bar.value = n / files.length; };
      const archive = files.length === 1 ? files[0] : await zip(files.map((file) => ({ name: file.webkitRelativePath || file.name, blob: file })), sending("bulk.zipping"));
      const told = (share) => { this.#say(() => say("bulk.sending", { n: Math.round(100 * share) })); this.bar.value = share; };
      const { id } = await sendArchive(archive, "pictures.zip", { name: this.name.slice(0, 200), options: typed(options) }, told, this.#quit.signal);
      this.follow(id);
    });
  }

  /** Start a dataset of what is in a bucket. */
  start(spec) {
    return this.#do(async () => this.follow((await createDataset(spec)).id));
  }

  /** Show how the dataset `id` goes on, to its end. */
  follow(id) {
    this.id = id;
    this.changed();
    return this.#do(async () => {
      for (;;) {
        const dataset = await getDataset(id);
        if (this.#quit.signal.aborted) return;
        this.#show(dataset);
        if (dataset.terminal) break;
        await pause(LOOK_MS);
      }
      if (this.dataset.counts.failed) this.#failed = await failuresOf(id, MOST_NAMES);
      this.#showFailures();
    });
  }

  #show(dataset) {
    this.dataset = dataset;
    const { share } = progressOf(dataset);
    this.bar.hidden = dataset.terminal;
    if (share === null) this.bar.removeAttribute("value");
    else this.bar.value = share;
    this.#say(() => this.#sentence());
    const { counts, state, terminal } = dataset;
    this.buttons.download.hidden = !(state === "completed" && counts.succeeded);
    this.buttons.retry.hidden = !(state === "completed" && counts.failed);
    this.buttons.cancel.hidden = terminal;
    this.buttons.remove.hidden = !terminal;
    this.#showFailures();
  }

  #sentence() {
    const { counts, state, images_per_s: rate, eta_p50_s: eta, eta_p90_s: late, error } = this.dataset;
    if (error) return explain(error.code, error.message);
    const { done, total } = progressOf(this.dataset);
    const parts = [say(`dataset.${state}`), say("bulk.counts", { done, total, failed: counts.failed })];
    if (rate) parts.push(say("bulk.rate", { n: rate.toFixed(1) }));
    if (eta !== null && eta !== undefined) parts.push(say("bulk.eta", { soon: duration(eta), late: duration(late ?? eta) }));
    return parts.join(" · ");
  }

  #showFailures() {
    if (!this.dataset) return;
    const found = failures(this.dataset.counts.by_code, this.#failed);
    this.errors.replaceChildren(...found.map(({ code, count, names }) => h("details", {},
      h("summary", {}, say("bulk.failed", { n: count, why: known(`error.${code}`) ? say(`error.${code}`) : code })),
      h("ul", { class: "names" }, names.map((name) => h("li", { dir: "auto" }, name))))));
  }

  async #download() {
    const files = filesOf(await resultsOf(this.id));
    if (files.length > MOST_FILES) throw new RangeError();
    const blobs = [];
    for (const { name, url } of files) {
      blobs.push({ name, blob: await bytesAt(url) });
      this.#say(() => say("bulk.fetching", { n: blobs.length, all: files.length }));
    }
    keepBlob(await zip(blobs), `${this.name.replace(/\.zip$/i, "")}.depthq.zip`);
    this.#show(this.dataset);
  }

  async #retry() {
    await retryDataset(this.id);
    this.#failed = [];
    this.follow(this.id);
  }

  async #cancel() {
    this.#show(await cancelDataset(this.id));
  }

  async #remove() {
    this.#quit.abort();
    if (this.id) await removeDataset(this.id).catch(() => {}); // gone already, or goes when it expires
    this.gone();
  }
}

// A form holds texts; the spec wants its one boolean as such.
const typed = ({ invert, ...options }) => ({ ...options, invert: invert === "true" });
