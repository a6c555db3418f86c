// Uploads and polls pictures: a few uploads and long polls at a time, and back-off while the service is full.

import { Problem, poll, submit } from "./http.js";

const UPLOADS = 2;
const POLLS = 3; // with the uploads, one below the six connections a browser opens per host
const LONG_S = 15;
const SHORT_S = 2; // when more jobs are open than polls, each must give way soon
const CALM_S = 0.7;
const TRIES = 6;

const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
const backOff = (tries) => Math.min(30, 2 ** tries) * (0.5 + Math.random() / 2);

export class Flow {
  #waiting = [];
  #watching = [];
  #uploads = 0;
  #polls = 0;
  #open = true;

  /** `changed(picture)` is called whenever one moved; `locked()` when the service wants a key. */
  constructor({ changed, locked }) {
    this.changed = changed;
    this.locked = locked;
  }

  /** Take a picture to be uploaded, or, if it has a job id already, to be watched. */
  add(picture) {
    picture.tries = 0;
    picture.quit ??= new AbortController();
    (picture.id ? this.#watching : this.#waiting).push(picture);
    this.#turn();
  }

  /** Drop a picture, and abort its requests. */
  drop(picture) {
    picture.quit?.abort();
    this.#waiting = this.#waiting.filter((other) => other !== picture);
    this.#watching = this.#watching.filter((other) => other !== picture);
  }

  /** Go on after a key was given. */
  resume() {
    this.#open = true;
    this.#turn();
  }

  #turn() {
    while (this.#open && this.#uploads < UPLOADS && this.#waiting.length) {
      this.#uploads += 1;
      this.#upload(this.#waiting.shift()).finally(() => { this.#uploads -= 1; this.#turn(); });
    }
    while (this.#open && this.#polls < POLLS && this.#watching.length) {
      this.#polls += 1;
      this.#watch(this.#watching.shift()).finally(() => { this.#polls -= 1; this.#turn(); });
    }
  }

  async #upload(picture) {
    try {
      this.#set(picture, { state: "uploading", progress: 0 });
      const sent = (share) => this.#set(picture, { progress: share });
      const { file, options, ticket, quit } = picture;
      const job = await submit(file, options, ticket, sent, quit.signal);
      picture.tries = 0;
      this.#accept(picture, job);
    } catch (error) {
      await this.#trouble(picture, error, this.#waiting, "waiting");
    }
  }

  async #watch(picture) {
    try {
      const wait = this.#polls + this.#watching.length > POLLS ? SHORT_S : LONG_S;
      const asked = performance.now();
      const job = await poll(picture.id, wait, picture.quit.signal);
      picture.tries = 0;
      // A busy service may answer at once instead of holding the poll: wait before asking again.
      if (!job.terminal) await pause(Math.max(0, CALM_S - (performance.now() - asked) / 1000));
      this.#accept(picture, job);
    } catch (error) {
      await this.#trouble(picture, error, this.#watching, picture.state);
    }
  }

  #accept(picture, job) {
    if (picture.quit.signal.aborted) return;
    this.#set(picture, { id: job.id, job, state: job.state, notice: null, error: job.error ?? null });
    if (!job.terminal) this.#watching.push(picture);
  }

  // A full or absent service is waited for; anything else is the picture's end.
  async #trouble(picture, error, line, state) {
    if (error.name === "AbortError") return;
    if (!(error instanceof Problem)) throw error;
    if (error.status === 401) {
      this.#open = false;
      line.unshift(picture);
      this.#set(picture, { state });
      this.locked();
      return;
    }
    picture.tries += 1;
    const patient = error.status === 429 || picture.tries < TRIES;
    if (!error.passing || !patient) {
      this.#set(picture, { state: "failed", error, notice: null });
      return;
    }
    const seconds = error.retryAfter || backOff(picture.tries);
    this.#set(picture, { state, notice: { code: error.code, seconds } });
    await pause(seconds); // keeps its place, so that a full service sees fewer uploads, not more
    if (!picture.quit.signal.aborted) line.unshift(picture);
  }

  #set(picture, fields) {
    if (picture.quit.signal.aborted) return;
    Object.assign(picture, fields);
    this.changed(picture);
  }
}
