// A dataset of what is in a bucket: first what it would take, then the start.

import { h, labelled } from "../dom.js";
import { say } from "../words/language.js";
import { duration, explain } from "../words/phrases.js";
import { forecastOf } from "./calls.js";
import { typed } from "./progress.js";

const HOUR_S = 3600;

function told({ items, complete, sampled, sample_failed: failed, hours, error }) {
  if (error) return explain(error.code, error.message);
  const parts = [say(complete ? "bulk.items" : "bulk.items.least", { n: items })];
  if (sampled) parts.push(say("bulk.sampled", { n: sampled, failed }));
  for (const [workers, time] of Object.entries(hours)) parts.push(say("bulk.takes", { n: Number(workers), time: duration(time * HOUR_S) }));
  return parts.join(" ");
}

/** The form; `start(spec)` is called when the visitor wants it, `locked()` when a key is asked for; `options()`: those of the page. */
export function bucketForm(start, options, locked) {
  const kind = h("select", {}, new Option(say("bulk.prefix"), "prefix"), new Option(say("bulk.manifest"), "manifest"));
  const source = h("input", { type: "text", required: true, placeholder: "s3://bucket/photos/", pattern: "s3://.+" });
  const name = h("input", { type: "text", maxlength: "200" });
  const status = h("p", { role: "status" });
  const go = h("button", { type: "button", class: "button", hidden: true, onclick: () => { start(spec()); go.hidden = true; status.textContent = ""; } }, say("bulk.start"));
  const spec = () => ({ [kind.value]: source.value.trim(), ...(name.value && { name: name.value }), options: typed(options()) });
  async function ask(event) {
    event.preventDefault();
    go.hidden = true;
    status.textContent = say("bulk.looking");
    try {
      const forecast = await forecastOf(spec());
      status.textContent = told(forecast);
      go.hidden = Boolean(forecast.error);
    } catch (error) {
      if (error.status === 401) locked();
      status.textContent = error.detail ?? explain(error.code);
    }
  }
  return h("div", {}, h("form", { onsubmit: ask }, labelled(say("bulk.source"), kind), labelled(say("bulk.uri"), source), labelled(say("bulk.called"), name),
    h("div", { class: "row" }, h("button", { type: "submit", class: "button" }, say("bulk.ask")))), status, go);
}
