// Elements in one call. Text goes in as text, never as markup.

/** A new element `tag` with `about` as attributes (on…: listeners; functions and objects as they are) and children. */
export function h(tag, about = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(about)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name in node && typeof value !== "string") node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

const ownText = (node) => [...node.childNodes].filter((child) => child.nodeType === Node.TEXT_NODE).map((child) => child.data).join("");

/** Make `old` equal to `fresh`, in place where they are alike, so that the position of a screen reader or finger is kept. */
export function renew(old, fresh) {
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  const [before, after] = [[...old.children], [...fresh.children]];
  const alike = ownText(old) === ownText(fresh) && before.length === after.length && before.every((node, at) => node.tagName === after[at].tagName);
  if (alike) before.forEach((node, at) => renew(node, after[at]));
  else old.replaceChildren(...fresh.childNodes);
}

/** A group of radio buttons that look like one switch; `change(value)` is called on choice. */
export function choices(name, label, options, chosen, change) {
  const inputs = options.map(([value, text]) => h("label", {},
    h("input", { type: "radio", name, value, checked: value === chosen, onchange: () => change(value) }),
    h("span", {}, text)));
  return h("fieldset", { class: "switch" }, h("legend", { class: "out-of-sight" }, label), inputs);
}

/** A labelled control. */
export const labelled = (text, control) => h("label", { class: "control" }, h("span", {}, text), control);

/** A slider with its label and a readable value: `shown(number)` says it. */
export function slider(text, { min, max, step = "any", value }, shown, change) {
  const told = h("span", { class: "told", "aria-hidden": "true" }, shown(value)); // an <output> would take the label
  const input = h("input", { type: "range", min: String(min), max: String(max), step: String(step) });
  const tell = () => {
    told.textContent = shown(input.valueAsNumber);
    input.setAttribute("aria-valuetext", told.textContent);
  };
  input.value = value;
  tell();
  input.addEventListener("input", () => { tell(); change(input.valueAsNumber); });
  return h("label", { class: "control" }, h("span", { class: "control-words" }, h("span", {}, text), told), input);
}
