// A dataset: pictures zipped here, or what is in a bucket; its results packed for download.

import { keepBlob } from "../files.js";
import { say } from "../words/language.js";
import { zip } from "../zip.js";
import { bytesAt, createDataset, resultsOf, sendArchive } from "./calls.js";
import { filesOf, typed } from "./progress.js";
import { RunCard } from "./run_card.js";

const MOST_FILES = 2000; // beyond, a ZIP made here would take too much of the browser

export class DatasetCard extends RunCard {
  kind = "datasets";

  counts({ counts, shards, images_per_s: rate }) {
    const { total, succeeded, failed, by_code: byCode } = counts;
    return { total, succeeded, failed, byCode, rate, done: counts.done + counts.in_flight, planned: shards.planned };
  }

  /** Send `files`: one ZIP as it is, or pictures, zipped here. */
  send(files, options) {
    return this.attempt(async () => {
      const archive = files.length === 1 ? files[0] : await this.#packed(files);
      const spec = { name: this.name.slice(0, 200), options: typed(options) };
      const { id } = await sendArchive(archive, "pictures.zip", spec, (share) => this.sending(share), this.quit.signal);
      this.follow(id);
    });
  }

  #packed(files) {
    const told = (n) => {
      this.tell(() => say("bulk.zipping", { n, all: files.length }));
      this.bar.value = n / files.length;
    };
    return zip(files.map((file) => ({ name: file.webkitRelativePath || file.name, blob: file })), told);
  }

  /** Start a dataset of what is in a bucket. */
  start(spec) {
    return this.attempt(async () => this.follow((await createDataset(spec)).id));
  }

  async download() {
    const files = filesOf(await resultsOf(this.id));
    if (files.length > MOST_FILES) throw new RangeError("too many files");
    const blobs = [];
    for (const { name, url } of files) {
      blobs.push({ name, blob: await bytesAt(url) });
      this.tell(() => say("bulk.fetching", { n: blobs.length, all: files.length }));
    }
    keepBlob(await zip(blobs), `${this.name.replace(/\.zip$/i, "")}.depthq.zip`);
    this.show(this.run);
  }
}
