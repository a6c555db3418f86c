// One picture, large: a dialog with the stage and a tab for each thing to do with it.

import { h } from "../dom.js";
import { bytes } from "../http.js";
import { readDepth } from "../depth/read.js";
import { Stage } from "../viewers/stage.js";
import { say } from "../words/language.js";
import { explain } from "../words/phrases.js";
import { lookPanel } from "./look.js";

const TABS = {
  look: () => lookPanel,
  make: async () => (await import("./make.js")).makePanel,
  solid: async () => (await import("./solid.js")).solidPanel,
};

async function photographOf(picture) {
  if (!picture.source) return null;
  const image = h("img", { alt: say("card.photograph", { name: picture.name }), draggable: "false" });
  image.src = URL.createObjectURL(picture.source);
  return image.decode().then(() => image, () => null); // a format unknown to this browser
}

async function depthOf(picture) {
  const made = picture.job.outputs.depth;
  return made ? readDepth(await bytes(made.url)) : null;
}

class Viewer {
  #panels = {};

  constructor(picture) {
    this.picture = picture;
    this.status = h("p", { class: "viewer-status", role: "status" }, say("viewer.opening"));
    this.tabs = h("div", { role: "tablist", class: "tabs", "aria-label": say("viewer.tabs"), onkeydown: (event) => this.#arrows(event) });
    this.body = h("div", { class: "viewer-body" }, this.status);
    const heading = h("h2", { id: "viewer-name", dir: "auto", tabindex: "-1" }, picture.name);
    this.element = h("dialog", { class: "viewer", "aria-labelledby": "viewer-name", onclose: () => this.#close() },
      h("div", { class: "viewer-head" }, heading, this.tabs, this.#buttons()), this.body);
    document.body.append(this.element);
    this.element.showModal();
    heading.focus();
  }

  #buttons() {
    const full = h("button", { class: "quiet", type: "button", onclick: () => this.#fullScreen() }, say("viewer.full"));
    full.hidden = !document.fullscreenEnabled;
    return h("div", { class: "viewer-buttons" }, full,
      h("button", { class: "quiet viewer-close", type: "button", onclick: () => this.element.close() }, say("viewer.close")));
  }

  #fullScreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.element.requestFullscreen().catch(() => {}); // refused by the browser: stays as it is
  }

  async open() {
    try {
      const [photo, depth] = await Promise.all([photographOf(this.picture), depthOf(this.picture)]);
      if (!depth) throw Object.assign(new Error(), { words: say("viewer.unreadable") });
      this.#build(photo, depth);
    } catch (error) {
      this.status.textContent = error.words ?? explain(error.code, say("viewer.damaged"));
    }
  }

  #build(photo, depth) {
    const canvas = h("canvas", { width: depth.width, height: depth.height, role: "img", "aria-label": say("describe.plain", { name: this.picture.name }) });
    const stage = new Stage({ photo, depth: canvas, ratio: depth.width / depth.height, name: this.picture.name }, {
      point: (x, y) => this.#panels[this.chosen]?.point?.(x, y),
      tap: (x, y) => this.#panels[this.chosen]?.tap?.(x, y),
      divided: (percent) => this.#panels.look?.divided(percent),
    });
    this.shared = { picture: this.picture, photo, depth, canvas, stage };
    const main = h("div", { class: "viewer-main" }, stage.element,
      h("p", { id: "look-keys", class: "small" }, say("look.keys")));
    this.panel = h("div", { id: "viewer-panel", class: "viewer-panel", role: "tabpanel", tabindex: "0" });
    this.main = main;
    this.body.replaceChildren(main, this.panel);
    for (const name of Object.keys(TABS)) {
      this.tabs.append(h("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": "viewer-panel", onclick: () => this.choose(name) }, say(`tab.${name}`)));
    }
    this.choose("look");
  }

  async choose(name) {
    for (const tab of this.tabs.children) {
      const chosen = tab.id === `tab-${name}`;
      tab.setAttribute("aria-selected", String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
    }
    this.#panels[this.chosen]?.leave?.();
    this.chosen = name;
    this.panel.setAttribute("aria-labelledby", `tab-${name}`);
    const build = await TABS[name]();
    this.#panels[name] ??= build(this.shared);
    if (this.chosen !== name) return; // another tab was chosen meanwhile
    this.main.hidden = Boolean(this.#panels[name].large);
    this.panel.replaceChildren(this.#panels[name].element);
    this.panel.classList.toggle("wide", this.main.hidden);
    this.body.scrollTop = this.panel.scrollTop = 0; // phones scroll the whole
    this.#panels[name].enter?.();
  }

  #arrows(event) {
    const names = Object.keys(TABS);
    const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!way) return;
    const next = names[(names.indexOf(this.chosen) + way + names.length) % names.length];
    this.choose(next);
    this.tabs.querySelector(`#tab-${next}`).focus();
  }

  #close() {
    for (const panel of Object.values(this.#panels)) panel.close?.();
    if (this.shared?.photo) URL.revokeObjectURL(this.shared.photo.src);
    this.element.remove();
  }
}

/** Show `picture`, whose job has succeeded, large. */
export const view = (picture) => new Viewer(picture).open();
