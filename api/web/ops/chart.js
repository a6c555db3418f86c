// A line over the last minutes, as SVG.

import { h } from "../dom.js";
import { say } from "../words/language.js";

const SVG = "http://www.w3.org/2000/svg";
const [WIDE, HIGH] = [300, 80];

function svg(tag, about, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(about)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** A number that is round and no smaller than `value`: 1, 2, 5, 10, 20 … */
export function roundUp(value) {
  if (value <= 0) return 1;
  const unit = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * unit).find((step) => step >= value * (1 - 1e-9));
}

/** The pieces of a line: points [{at, value}] broken where the value is null, as SVG coordinates. */
export function lines(points, { now, span, most }) {
  const pieces = [[]];
  for (const { at, value } of points) {
    if (value === null) pieces.push([]);
    else pieces.at(-1).push([WIDE * (1 - (now - at) / span), HIGH * (1 - value / most)].map((n) => Math.round(10 * n) / 10));
  }
  // A point alone becomes a short stroke, else it would not show.
  return pieces.filter((piece) => piece.length).map((piece) => (piece.length > 1 ? piece : [...piece, [piece[0][0] - 1, piece[0][1]]]));
}

/** A chart of `points` over `span` milliseconds up to `now`; `shown(value)` says a value. */
export function chart(title, points, { now, span, shown }) {
  const values = points.map(({ value }) => value).filter((value) => value !== null);
  const most = roundUp(Math.max(0, ...values));
  const last = values.length ? shown(values.at(-1)) : "–";
  const words = say("ops.chart", { title, last, most: values.length ? shown(Math.max(...values)) : "–" });
  const picture = svg("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, preserveAspectRatio: "none", role: "img", "aria-label": words },
    svg("line", { x1: 0, x2: WIDE, y1: HIGH, y2: HIGH }), svg("line", { x1: 0, x2: WIDE, y1: 0, y2: 0 }));
  for (const piece of lines(points, { now, span, most })) {
    const path = piece.map((point) => point.join(",")).join(" ");
    picture.append(svg("polygon", { class: "area", points: `${piece[0][0]},${HIGH} ${path} ${piece.at(-1)[0]},${HIGH}` }), svg("polyline", { points: path }));
  }
  return h("div", { class: "chart" }, h("h2", {}, title), h("p", { class: "chart-now" }, last),
    h("div", { class: "chart-foot", "aria-hidden": "true" }, h("span", {}, shown(most))), picture,
    h("div", { class: "chart-foot", "aria-hidden": "true" }, h("span", {}, say("ops.ago")), h("span", {}, say("ops.now"))));
}
