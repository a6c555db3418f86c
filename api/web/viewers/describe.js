// A sentence about the depth for those who do not see it, read off the heat map's brightness.

import { say } from "../words/language.js";

// Only these colormaps grow brighter with nearness everywhere.
const MONOTONE = new Set(["gray", "inferno", "magma", "plasma", "viridis", "cividis", "hot", "bone", "pink"]);
const SIDE = 12; // px, a multiple of three

const cellOf = (at) => 3 * Math.floor((3 * Math.floor(at / SIDE)) / SIDE) + Math.floor((3 * (at % SIDE)) / SIDE);

// Brightness of SIDE times SIDE points, row by row.
function brightness(image) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIDE;
  const brush = canvas.getContext("2d");
  brush.imageSmoothingQuality = "high";
  brush.drawImage(image, 0, 0, SIDE, SIDE);
  const { data } = brush.getImageData(0, 0, SIDE, SIDE);
  return Array.from({ length: SIDE * SIDE }, (_, at) => (
    0.2126 * data[4 * at] + 0.7152 * data[4 * at + 1] + 0.0722 * data[4 * at + 2]
  ));
}

// Near is a point, far is a region: black is often most of a picture.
function nearAndFar(light) {
  const sums = new Array(9).fill(0);
  light.forEach((value, at) => { sums[cellOf(at)] += value; });
  return [cellOf(light.indexOf(Math.max(...light))), sums.indexOf(Math.min(...sums))];
}

/** Describe the heat map `image` (loaded) of picture `name`; `options` are those of its job. */
export function describe(image, name, options) {
  const plain = say("describe.plain", { name });
  if (!MONOTONE.has(options?.colormap ?? "inferno")) return plain;
  try {
    const light = brightness(image);
    const [near, far] = nearAndFar(options?.invert ? light.map((value) => 255 - value) : light);
    return say("describe.where", { name, near: say(`place.${near}`), far: say(`place.${far}`) });
  } catch {
    return plain; // from another origin, which the canvas may not read
  }
}
