// Which network computes the depth: offered where the service has more than one.

import { models } from "../http.js";
import { language, say } from "../words/language.js";

const LANES = ["interactive", "bulk"]; // single pictures; datasets and videos

/** The served models of the document of `GET /v1/models`, the default first: [{name, line, lane}]; `lane`: the only one, if so. */
export function choosable({ default: usual, models: served, known }) {
  const lines = new Map(known.map(({ name, line }) => [name, line]));
  const lanes = new Map();
  for (const { name, lanes: own } of served) lanes.set(name, new Set([...(lanes.get(name) ?? []), ...own]));
  return [...lanes.keys()]
    .sort((a, b) => (b === usual) - (a === usual) || a.localeCompare(b))
    .map((name) => ({ name, line: lines.get(name) ?? {}, lane: LANES.find((lane) => lanes.get(name).has(lane) && lanes.get(name).size === 1) }));
}

const worded = ({ name, line, lane }) => [name, line[language()] ?? line.en, lane && say("options.model.only", { lane: say(`lane.${lane}`) })].filter(Boolean).join(" – ");

/** Fill `select`, which is in `box`, and show `box` if there is something to choose. What was chosen stays chosen, while it is served. */
export async function offerModels(box, select) {
  let offered = [];
  try {
    offered = choosable(await models());
  } catch {
    return; // asked again when the options are opened again
  }
  const before = select.value;
  select.replaceChildren(...(offered.length > 1 ? offered.map((model) => new Option(worded(model), model.name)) : []));
  select.value = before;
  if (select.selectedIndex < 0) select.selectedIndex = 0;
  box.hidden = offered.length < 2;
}
