// The history: pictures that this browser remembers, to open again or to forget.

import { h } from "../dom.js";
import { forgetAll, remembered } from "../history.js";
import { language, say } from "../words/language.js";

const day = (at) => new Intl.DateTimeFormat(language(), { dateStyle: "medium", timeStyle: "short" }).format(at);

/** Fill `box` with the history; `open(entry)` is called for the one that is wanted again. */
export async function showPast(box, open) {
  const entries = await remembered();
  const list = h("ul", { class: "plain past" }, entries.map((entry) => h("li", {},
    h("button", { type: "button", class: "quiet", onclick: () => open(entry), dir: "auto", "aria-label": say("past.open", { name: entry.name }) }, entry.name),
    h("span", { class: "small" }, day(entry.at)))));
  const forget = h("button", { type: "button", class: "quiet", onclick: async () => { await forgetAll(); await showPast(box, open); } }, say("past.forget"));
  box.replaceChildren(h("p", { class: "small" }, say(entries.length ? "past.where" : "past.empty")), list, entries.length ? forget : "");
}
