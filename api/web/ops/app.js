// The operations page: looks at the metrics every few seconds and draws the last quarter of an hour.

import { h, renew } from "../dom.js";
import { key, metrics, readiness } from "../http.js";
import { tab } from "../memory.js";
import { LANGUAGES, known, language, say, speak, translate } from "../words/language.js";
import { duration, explain } from "../words/phrases.js";
import { chart } from "./chart.js";
import { noted, parse, series, total } from "./metrics.js";

const EVERY_MS = 5000;
const SPAN_MS = 15 * 60 * 1000;
const KEPT = "depthq.operations"; // so that a reload does not empty the charts

const $ = (id) => document.getElementById(id);
let looks = tab.json(KEPT, []);
let samples = null;
let missing = null; // the first thing that the service needs and has not

const number = (value) => new Intl.NumberFormat(language(), { maximumFractionDigits: value < 10 ? 1 : 0 }).format(value);
// The board is drawn anew every few seconds; what did not change stays as it is.
const show = (id, ...children) => renew($(id), h($(id).tagName, {}, ...children));
const tell = (words) => show("state", words); // a status is read out when it is set
const bytes = (value) => (value < 2 ** 30
  ? say("ops.megabytes", { n: number(value / 2 ** 20) })
  : say("ops.gigabytes", { n: number(value / 2 ** 30) }));

async function look() {
  try {
    const [text, checks] = await Promise.all([metrics(), readiness()]);
    samples = parse(text);
    missing = Object.keys(checks).find((name) => !checks[name].ok && known(`lacks.${name}`));
    const now = Date.now();
    looks = [...looks, noted(samples, now)].filter(({ at }) => now - at <= SPAN_MS);
    tab.set(KEPT, JSON.stringify(looks));
    draw();
  } catch (error) {
    if (error.status === 401) {
      askForKey();
      return;
    }
    if (!error.code) throw error;
    tell(explain(error.code));
  }
  setTimeout(look, EVERY_MS);
}

function askForKey() {
  $("board").hidden = true;
  $("login").hidden = false;
  $("key").focus();
}

function draw() {
  if (!samples) return;
  $("board").hidden = false;
  const live = samples.get("depthq_fleet_busy")?.length ?? 0;
  const workers = live ? say("ops.live", { n: live }) : say("ops.none");
  tell(missing ? `${say(`lacks.${missing}`)} ${workers}` : workers);
  drawCharts();
  drawWorkers();
  drawFailures();
  show("room", [["ops.redis", "depthq_redis_memory_bytes"], ["ops.disk", "depthq_disk_bytes"]]
    .filter(([, name]) => samples.has(name)).map(([words, name]) => meter(say(words), name)));
}

function drawCharts() {
  const points = series(looks);
  const about = [
    ["ops.queued", "queued", number],
    ["ops.seconds", "seconds", (value) => (value ? duration(value) : say("time.seconds", { n: 0 }))],
    ["ops.rate", "rate", number],
    ["ops.batch", "batch", number],
  ];
  show("charts", about.map(([words, field, shown]) => chart(
    say(words), points.map((point) => ({ at: point.at, value: point[field] })), { now: Date.now(), span: SPAN_MS, shown },
  )));
}

function drawWorkers() {
  const rows = (samples.get("depthq_fleet_images_per_second") ?? []).map(({ labels, value }) => {
    const busy = total(samples, "depthq_fleet_busy", { worker: labels.worker });
    const cells = [
      ["ops.lane", say(`lane.${labels.lane}`)], ["ops.model", `${labels.model} (${labels.engine})`],
      ["ops.worker.state", say(`worker.${labels.state}`)], ["ops.busy", number(busy)], ["ops.speed", number(value)],
    ];
    return h("tr", { role: "row" }, h("th", { scope: "row", role: "rowheader", dir: "auto" }, labels.worker),
      cells.map(([title, text]) => h("td", { role: "cell", "data-title": say(title) }, text)));
  });
  show("workers", rows);
}

function drawFailures() {
  const counts = new Map();
  for (const { labels, value } of samples.get("depthq_fleet_failures") ?? []) {
    counts.set(labels.code, (counts.get(labels.code) ?? 0) + value);
  }
  const items = [...counts].sort((a, b) => b[1] - a[1]).map(([code, count]) => h("li", {}, h("strong", {}, number(count)),
    h("span", {}, known(`error.${code}`) ? say(`error.${code}`) : code, " ", h("code", {}, code))));
  show("failures", items.length ? items : h("li", {}, say("ops.no.failures")));
}

function meter(title, name) {
  const [used, limit] = ["used", "limit"].map((of) => total(samples, name, { of }));
  const words = limit ? say("ops.of", { used: bytes(used), limit: bytes(limit) }) : say("ops.unlimited", { used: bytes(used) });
  const bar = limit ? h("meter", { min: 0, max: limit, value: used, low: 0.7 * limit, high: 0.85 * limit, optimum: 0 }) : null;
  return h("label", {}, h("span", {}, say("ops.told", { title, words })), bar);
}

async function change(name) {
  await speak(name);
  document.title = say("ops.title");
  translate(document);
  draw();
}

$("login").addEventListener("submit", (event) => {
  event.preventDefault();
  key.set($("key").value.trim());
  $("login").hidden = true;
  look();
});

await change();
$("language").append(...Object.entries(LANGUAGES).map(([name, label]) => new Option(label, name)));
$("language").value = language();
$("language").addEventListener("change", () => change($("language").value));
$("state").textContent = say("ops.looking");
look();
