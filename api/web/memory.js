// What is remembered as text: by this tab (`tab`), or by this browser for all its tabs (`device`). Where the browser's
// own store is closed or full, this page remembers by itself, until it is loaded again.

class Memory {
  #own = new Map();
  #open;
  #first;

  /** `open()` returns the browser's store, or throws; names that begin with `first` are the first to go. */
  constructor(open, first) {
    this.#open = open;
    this.#first = first;
  }

  #store() {
    try {
      return this.#open();
    } catch {
      return null; // closed to the page
    }
  }

  get(name) {
    return this.#own.get(name) ?? this.#store()?.getItem(name) ?? null;
  }

  /** What was kept as JSON, if it is what `usual` is, a list or an object; else `usual`. */
  json(name, usual) {
    try {
      const value = JSON.parse(this.get(name));
      return value && typeof value === "object" && Array.isArray(value) === Array.isArray(usual) ? value : usual;
    } catch {
      return usual; // of another version of this page
    }
  }

  /** Keep `value`; what goes first makes room for it, and is itself left out where there is none. */
  set(name, value) {
    this.#own.delete(name);
    if (this.#written(name, value) || this.#goesFirst(name)) return;
    this.keepOnly(new Set());
    if (this.#written(name, value)) return;
    this.#own.set(name, value);
    this.#store()?.removeItem(name); // an older value would come back
  }

  /** Drop what goes first, except the names in `kept`. */
  keepOnly(kept) {
    const store = this.#store();
    for (const name of Object.keys(store ?? {})) if (this.#goesFirst(name) && !kept.has(name)) store.removeItem(name);
  }

  #goesFirst(name) {
    return Boolean(this.#first) && name.startsWith(this.#first);
  }

  #written(name, value) {
    try {
      this.#open().setItem(name, value);
      return true;
    } catch {
      return false;
    }
  }
}

export const PREVIEW = "depthq.preview.";
export const tab = new Memory(() => sessionStorage, PREVIEW);
export const device = new Memory(() => localStorage);
