// The page: joins intake, flow, cards and memory. Nothing else knows them all.

import { chosenIn, rememberChoices } from "./choices.js";
import { collect } from "./collect.js";
import { Flow } from "./flow.js";
import { key, remove as removeJob, ticket, version } from "./http.js";
import { isVideo, isZip } from "./kinds.js";
import { load, loadPreview, save, savePreview } from "./ledger.js";
import { Bulk } from "./views/bulk.js";
import { offerSamples } from "./views/samples.js";
import { Card } from "./views/card.js";
import { LANGUAGES, language, say, speak, translate } from "./words/language.js";
import { sentence } from "./words/phrases.js";

const MANY = 30; // pictures at once, from which on they are better one dataset
const ENDED = new Set(["succeeded", "failed", "canceled", "expired"]);

const $ = (id) => document.getElementById(id);
const pictures = new Map(); // picture → card
const bulk = new Bulk(askForKey, options);
const flow = new Flow({ changed, locked: askForKey });

function options() {
  return chosenIn($("options"));
}

function add(picture) {
  const card = new Card(picture, $("card"), { remove, again, open, told });
  pictures.set(picture, card);
  $("cards").append(card.element);
  $("pictures").hidden = false;
  flow.add(picture);
  tally();
}

// The viewer is loaded when it is first opened: most visitors wait for their picture before that.
const open = async (picture) => (await import("./views/viewer.js")).view(picture);

function take(files) {
  $("left").textContent = "";
  const singles = files.filter((file) => !isZip(file) && !isVideo(file));
  for (const file of files.filter(isVideo)) bulk.film(file, options());
  for (const file of files.filter(isZip)) bulk.send([file], options());
  if (singles.length > MANY) bulk.ask(singles, options(), takeSingly);
  else takeSingly(singles);
}

// Said where a folder held more than its pictures: nothing is passed over in silence.
function leave({ folder, pictures: taken, videos, others }) {
  const left = [["videos", videos], ["others", others]].filter(([, n]) => n);
  if (taken && !left.length) return;
  const words = left.map(([kind, n]) => say(`left.${kind}`, { n })).join(say("left.and"));
  $("left").textContent = say(taken ? "left.some" : "left.all", { folder, n: taken, words: words || say("left.nothing") });
}

function takeSingly(files) {
  const first = pictures.size;
  for (const file of files) {
    add({ name: file.name || "picture", file, source: file, state: "waiting", options: options(), ticket: ticket() });
  }
  if (files.length) $("cards").children[first].scrollIntoView({ block: "nearest" });
}

function changed(picture) {
  const before = picture.told;
  pictures.get(picture)?.update();
  if (picture.id && !picture.kept) {
    picture.kept = true;
    remember();
    if (picture.file) keep(picture);
  }
  if (before !== picture.state && ENDED.has(picture.state) && picture.state !== "succeeded") {
    announce(picture, "pictures.told", sentence(picture));
  }
  if (before !== picture.state && picture.state === "succeeded") historize(picture);
  picture.told = picture.state;
  tally();
}

const photographs = () => import("./photographs.js");

async function keep({ id, file }) {
  savePreview(id, file); // where the store is closed, this is what a reload still has
  (await photographs()).keepPhotograph(id, file);
}

async function offer() {
  (await import("./views/models.js")).offerModels($("which-model"), $("options").elements.model);
}

async function past() {
  const { showPast } = await import("./views/past.js");
  showPast($("past-list"), async (entry) => {
    const picture = await (await photographs()).restored(entry);
    if (![...pictures.keys()].some(({ id }) => id === picture.id)) add(picture);
  });
}

async function historize({ id, name, options: chosen }) {
  const { rememberPicture } = await import("./history.js");
  rememberPicture({ id, name, options: chosen, preview: loadPreview(id) });
}

const told = (picture, words) => announce(picture, "pictures.ready", words);

// For screen readers. Pictures from before a reload are not announced.
function announce({ name, old }, key, words) {
  if (!old) $("announce").textContent = say(key, { name, words });
}

function tally() {
  const states = [...pictures.keys()].map((picture) => picture.state);
  const done = states.filter((state) => state === "succeeded").length;
  const failed = states.filter((state) => ENDED.has(state)).length - done;
  const words = [say("pictures.tally", { done, all: states.length })];
  if (failed) words.push(say("pictures.failed", { failed }));
  $("tally").textContent = words.join(", ");
  $("pictures").hidden = !states.length;
}

function remember() {
  const known = [...pictures.keys()].filter((picture) => picture.id);
  save(known.map(({ id, name, options: chosen }) => ({ id, name, options: chosen })));
}

function remove(picture) {
  const card = pictures.get(picture);
  const next = (card.element.nextElementSibling ?? card.element.previousElementSibling)?.querySelector(".card-remove");
  flow.drop(picture);
  pictures.delete(picture);
  card.close();
  if (picture.id) erase(picture.id);
  remember();
  tally();
  (next ?? $("pick")).focus();
}

async function erase(id) {
  removeJob(id).catch(() => {}); // gone already, or goes when it expires
  (await photographs()).forgetPhotograph(id);
}

function again(picture) {
  const card = pictures.get(picture);
  flow.drop(picture);
  pictures.delete(picture);
  card.close();
  add({ name: picture.name, file: picture.file, source: picture.file, state: "waiting", options: picture.options, ticket: ticket() });
}

function askForKey() {
  $("login").hidden = false;
  $("key").focus();
}

$("login").addEventListener("submit", (event) => {
  event.preventDefault();
  key.set($("key").value.trim());
  $("login").hidden = true;
  $("key").value = "";
  flow.resume();
});

$("clear").addEventListener("click", () => {
  for (const picture of [...pictures.keys()]) remove(picture);
});

async function change(name) {
  await speak(name);
  document.title = say("title");
  translate(document);
  for (const card of pictures.values()) card.translate();
  bulk.translate();
  offerSamples($("samples"), take);
  if ($("past").open) past();
  if (!$("which-model").hidden) offer();
  tally();
}

await change();
$("language").append(...Object.entries(LANGUAGES).map(([name, label]) => new Option(label, name)));
$("language").value = language();
$("language").addEventListener("change", () => change($("language").value));

rememberChoices($("options"));
$("options").closest("details").addEventListener("toggle", ({ target }) => target.open && offer());

async function restore(entries) {
  const { restored } = await photographs();
  const all = await Promise.all(entries.map((entry) => restored({ ...entry, preview: loadPreview(entry.id) })));
  for (const picture of all) add({ ...picture, kept: true, old: true });
}

const before = load();
const restored = Promise.resolve(before.length && restore(before));
collect({ inputs: [$("pick"), $("shoot")], zone: $("drop"), after: restored, take, leave });
$("live").addEventListener("click", async () => (await import("./views/live.js")).showLive({ keep: (file) => takeSingly([file]), options: options(), locked: askForKey }));
$("past").addEventListener("toggle", () => $("past").open && past());
version().then((it) => { $("version").textContent = `depthq ${it.version ?? ""}`; }).catch(() => {});
