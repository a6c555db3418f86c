// A sentence about the depth for those who do not see it, read off the heat map's brightness.

// Only these colormaps grow brighter with nearness everywhere.
const MONOTONE = new Set(["inferno", "magma", "plasma", "viridis", "cividis", "hot", "bone", "pink"]);
const SIDE = 48; // px, a multiple of three
const ROWS = ["top", "middle", "bottom"];
const COLUMNS = ["left", "center", "right"];

const place = (cell) => {
  const [row, column] = [ROWS[Math.floor(cell / 3)], COLUMNS[cell % 3]];
  return row === "middle" && column === "center" ? "center" : `${row} ${column}`;
};

// The mean brightness of each of the nine fields, row by row.
function thirds(image) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIDE;
  const brush = canvas.getContext("2d");
  brush.drawImage(image, 0, 0, SIDE, SIDE);
  const { data } = brush.getImageData(0, 0, SIDE, SIDE);
  const sums = new Array(9).fill(0);
  for (let at = 0; at < SIDE * SIDE; at += 1) {
    const cell = 3 * Math.floor((3 * Math.floor(at / SIDE)) / SIDE) + Math.floor((3 * (at % SIDE)) / SIDE);
    sums[cell] += 0.2126 * data[4 * at] + 0.7152 * data[4 * at + 1] + 0.0722 * data[4 * at + 2];
  }
  return sums;
}

/** Describe the heat map `image` (loaded) of picture `name`. */
export function describe(image, name, colormap) {
  const plain = `Depth map of ${name}`;
  if (!MONOTONE.has(colormap)) return plain;
  try {
    const light = thirds(image);
    const near = light.indexOf(Math.max(...light));
    const far = light.indexOf(Math.min(...light));
    return `${plain}: nearest at the ${place(near)}, farthest at the ${place(far)}`;
  } catch {
    return plain; // from another origin, which the canvas may not read
  }
}
