// Two films in step: the photograph's and its depth's, one bar for both.

import { h } from "../dom.js";
import { say } from "../words/language.js";

const DRIFT_S = 0.08; // that far apart, the photograph jumps to the depth

const film = (blob, words) => h("video", { src: URL.createObjectURL(blob), muted: true, playsinline: true, preload: "auto", "aria-label": words });

/** The player of `original` (a file, or none after a reload) and `depth`: {element, close()}. */
export function player(original, depth, name) {
  const films = [film(depth, say("video.depth", { name }))];
  if (original) films.unshift(film(original, say("video.photo", { name })));
  const lead = films.at(-1);
  const seek = h("input", { type: "range", min: "0", max: "1", step: "0.001", value: "0", "aria-label": say("video.seek") });
  const play = h("button", { type: "button", class: "button" }, say("video.play"));
  const others = films.filter((one) => one !== lead);
  const together = () => {
    for (const one of others) {
      if (Math.abs(one.currentTime - lead.currentTime) > DRIFT_S) one.currentTime = lead.currentTime;
    }
  };
  play.addEventListener("click", () => {
    if (lead.paused) for (const one of films) one.play().catch(() => {}); // a film this browser cannot play stays still
    else for (const one of films) one.pause();
  });
  lead.addEventListener("play", () => { play.textContent = say("video.pause"); });
  lead.addEventListener("pause", () => { play.textContent = say("video.play"); });
  lead.addEventListener("timeupdate", () => {
    together();
    if (lead.duration) seek.value = lead.currentTime / lead.duration;
    seek.setAttribute("aria-valuetext", say("time.seconds", { n: lead.currentTime.toFixed(1) }));
  });
  lead.addEventListener("ended", () => others.forEach((one) => one.pause()));
  seek.addEventListener("input", () => {
    if (lead.duration) for (const one of films) one.currentTime = seek.valueAsNumber * lead.duration;
  });
  const element = h("div", { class: "player" }, h("div", { class: "films" }, films), h("div", { class: "row" }, play, seek));
  for (const one of others) {
    one.addEventListener("error", () => one.replaceWith(h("p", { class: "film-none small" }, say("video.unplayable", { name }))));
  }
  // Some browsers come without the codec: the film is there all the same.
  lead.addEventListener("error", () => element.replaceChildren(h("p", { role: "status" }, say("card.unshowable"))));
  return {
    element,
    close: () => films.forEach((one) => URL.revokeObjectURL(one.src)),
  };
}
