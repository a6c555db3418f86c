// Frames of a camera as small JPEGs, and requests for their depth: few in flight, none stale.

const LONGEST_PX = 320; // the network sees 256; more would only be sent
const QUALITY = 0.8;

/** Width and height of a frame to send, of a video of that size. */
export function frameSize(width, height) {
  const scale = Math.min(1, LONGEST_PX / Math.max(width, height, 1));
  return [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
}

/** The picture that `video` shows now, as a JPEG; `size` px, or as it is. */
export function grab(video, size = [video.videoWidth, video.videoHeight]) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = size;
  canvas.getContext("2d").drawImage(video, 0, 0, ...size);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no frame"))), "image/jpeg", QUALITY);
  });
}

/**
 * Turns frames into results as fast as they come back: at most `most` in flight. A frame is taken when
 * there is room for it, so none waits; a result that comes after a newer one is dropped.
 */
export class Pace {
  #flying = 0;
  #asked = 0;
  #shown = 0;
  #running = false;

  /** `ask(signal)` resolves to a result; `show(result, delay in ms)`; `trouble(error)` → ms to rest. */
  constructor({ ask, show, trouble, most = 2, now = () => performance.now(), rest = (ms) => new Promise((go) => setTimeout(go, ms)) }) {
    Object.assign(this, { ask, show, trouble, most, now, rest });
  }

  /** Begin, or go on. */
  start() {
    if (this.#running) return;
    this.#running = true;
    this.quit = new AbortController();
    this.#fill();
  }

  /** Stop; what is in flight is dropped, here and in the service. */
  stop() {
    this.#running = false;
    this.quit?.abort();
  }

  #fill() {
    while (this.#running && this.#flying < this.most) this.#one(this.quit.signal);
  }

  async #one(signal) {
    this.#flying += 1;
    const [number, began] = [(this.#asked += 1), this.now()];
    try {
      const result = await this.ask(signal);
      if (!signal.aborted && number > this.#shown) {
        this.#shown = number;
        this.show(result, this.now() - began);
      }
    } catch (error) {
      if (!signal.aborted) await this.rest(this.trouble(error));
    } finally {
      this.#flying -= 1;
      if (!signal.aborted) this.#fill();
    }
  }
}

/** The rate of events over the last seconds: call it at each; returns how many a second. */
export function rateMeter(span = 3000, now = () => performance.now()) {
  const times = [];
  return () => {
    const time = now();
    times.push(time);
    while (times[0] < time - span) times.shift();
    return times.length < 2 ? 0 : ((times.length - 1) * 1000) / (time - times[0]);
  };
}
