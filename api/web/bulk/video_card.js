// A video: progress by frame, then photograph and depth side by side, in step.

import { keepBlob } from "../files.js";
import { bytesAt, sendVideo } from "./calls.js";
import { player } from "./player.js";
import { RunCard } from "./run_card.js";

export class VideoCard extends RunCard {
  kind = "videos";

  get takes() {
    return "film";
  }

  counts({ frames, segments, frames_per_s: rate }) {
    const { total, done, succeeded, failed, by_code: byCode } = frames;
    return { total, done, succeeded, failed, byCode, rate, planned: segments.planned };
  }

  /** Send the file of a video. */
  send(file, { colormap, model }) {
    this.file = file;
    return this.attempt(async () => {
      const { id } = await sendVideo(file, { colormap, ...(model && { model }) }, (share) => this.sending(share), this.quit.signal);
      this.follow(id);
    });
  }

  async ended() {
    const made = this.run.files.find(({ media_type: type }) => type.startsWith("video/"));
    if (!made) return;
    this.made = { name: made.name, blob: await bytesAt(made.url) };
    this.playing?.close();
    this.playing = player(this.file, this.made.blob, this.name);
    this.shown.replaceChildren(this.playing.element);
  }

  async download() {
    keepBlob(this.made.blob, `${this.name.replace(/\.[^.]+$/, "")}.${this.made.name}`);
  }

  async remove() {
    this.playing?.close();
    await super.remove();
  }
}
