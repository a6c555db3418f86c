// Builds a form from the options that an output declares (JSON Schema), and reads it.

import { h, labelled, slider } from "../dom.js";
import { known, language, say } from "../words/language.js";

const PLACES = new Set(["at", "focus"]); // points of the picture, tapped
const WIDE = 20; // a range whose ends differ by more is a matter of factors
const RATIOS = ["1:1", "4:5", "3:2", "4:3", "16:9", "9:16"];

const titleOf = (name, schema) => (known(`option.${name}`) ? say(`option.${name}`) : schema.title);
const valueWord = (name, value) => (known(`value.${name}.${value}`) ? say(`value.${name}.${value}`) : value.replaceAll("_", " "));
const plain = (schema) => schema.anyOf?.find((one) => one.type !== "null") ?? schema;

function ofEnum(name, schema) {
  const select = h("select", {}, schema.enum.map((value) => new Option(valueWord(name, value), value)));
  select.value = name === "language" ? language() : schema.default;
  return { element: labelled(titleOf(name, schema), select), value: () => select.value };
}

function ofBoolean(name, schema) {
  const box = h("input", { type: "checkbox", checked: schema.default });
  return { element: h("label", { class: "tick" }, box, h("span", {}, titleOf(name, schema))), value: () => box.checked };
}

// A slider: by factors where the range is wide, so that small values have room.
function ofRange(name, schema) {
  const { minimum, maximum, default: usual, type } = schema;
  const factors = minimum > 0 && maximum / minimum > WIDE;
  const [to, from] = factors ? [Math.exp, Math.log] : [Number, Number];
  const rounded = (value) => (type === "integer" ? Math.round(value) : Number(value.toPrecision(3)));
  let value = usual;
  const element = slider(titleOf(name, schema), { min: from(minimum), max: from(maximum), step: "any", value: from(usual) },
    (at) => String(rounded(to(at))), (at) => { value = rounded(to(at)); });
  return { element, value: () => value };
}

function ofNumber(name, schema, inner) {
  const input = h("input", {
    type: "number", min: String(inner.minimum), max: String(inner.maximum), step: inner.type === "integer" ? "1" : "any",
    placeholder: say("make.automatic"),
  });
  return { element: labelled(titleOf(name, schema), input), value: () => (input.value === "" ? null : input.valueAsNumber) };
}

function ofPlace(name, schema, tell) {
  const input = h("input", { type: "text", readonly: true, placeholder: say("make.tap") });
  const clear = h("button", { type: "button", class: "quiet", onclick: () => { input.value = ""; tell(); } }, say("make.automatic"));
  return {
    element: h("div", { class: "row" }, labelled(titleOf(name, schema), input), clear),
    value: () => input.value || null,
    place: (x, y) => { input.value = `${x.toFixed(4)},${y.toFixed(4)}`; },
  };
}

function ofRatios(name, schema) {
  const first = schema.default.split(",");
  const ticks = RATIOS.map((ratio) => h("input", { type: "checkbox", value: ratio, checked: first.includes(ratio) }));
  const element = h("fieldset", { class: "ticks" }, h("legend", {}, titleOf(name, schema)),
    ticks.map((tick) => h("label", { class: "tick" }, tick, h("span", {}, tick.value))));
  return { element, value: () => ticks.filter((tick) => tick.checked).map((tick) => tick.value).join(",") || schema.default };
}

function ofText(name, schema) {
  const input = h("input", { type: "text", value: schema.default ?? "" });
  return { element: labelled(titleOf(name, schema), input), value: () => input.value || null };
}

function field(name, schema, tell) {
  const inner = plain(schema);
  if (PLACES.has(name)) return ofPlace(name, schema, tell);
  if (name === "aspects") return ofRatios(name, schema);
  if (schema.enum) return ofEnum(name, schema);
  if (schema.type === "boolean") return ofBoolean(name, schema);
  const numeric = ["number", "integer"].includes(inner.type);
  if (numeric && "maximum" in schema) return ofRange(name, schema);
  return numeric ? ofNumber(name, schema, inner) : ofText(name, schema);
}

/**
 * The form of `options` (name → JSON Schema): {element, values(), place}. `values()` leaves out what
 * stays as declared; `place(x, y)`, if there is one, takes a tapped point. `changed` is called on change.
 */
export function formOf(options, changed) {
  const fields = Object.entries(options).map(([name, schema]) => [name, schema, field(name, schema, changed)]);
  const placed = fields.map(([, , made]) => made.place).filter(Boolean);
  return {
    element: h("div", { class: "controls", onchange: changed }, fields.map(([, , made]) => made.element)),
    values: () => Object.fromEntries(fields
      .map(([name, schema, made]) => [name, made.value(), schema.default])
      .filter(([, value, usual]) => value !== null && value !== usual)
      .map(([name, value]) => [name, value])),
    place: placed.length ? placed[0] : undefined,
  };
}
