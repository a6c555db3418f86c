// The form of options: what was chosen in this tab before is chosen again.

import { tab } from "./memory.js";
import { COLORMAPS } from "./viewers/colormaps.js";

const CHOICES = "depthq.options";

/** What is chosen in `form`, by name. */
export const chosenIn = (form) => Object.fromEntries(new FormData(form));

/** Offer the colors in `form`, choose what was chosen before, and remember what is chosen from now on. */
export function rememberChoices(form) {
  form.elements.colormap.append(...COLORMAPS.map((name) => new Option(name.replace("_", " "), name)));
  const before = tab.json(CHOICES, {});
  if (before.model) form.elements.model.append(new Option(before.model, before.model)); // until they are asked for
  for (const [name, value] of Object.entries(before)) if (form.elements[name]) form.elements[name].value = value;
  form.addEventListener("change", () => tab.set(CHOICES, JSON.stringify(chosenIn(form))));
}
