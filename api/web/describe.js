// A sentence about the depth for those who do not see it, read off the heat map's brightness.

// Only these colormaps grow brighter with nearness everywhere.
const MONOTONE = new Set(["inferno", "magma", "plasma", "viridis", "cividis", "hot", "bone", "pink"]);
const ROWS = ["top", "middle", "bottom"];
const COLUMNS = ["left", "center", "right"];

const place = (cell) => {
  const [row, column] = [ROWS[Math.floor(cell / 3)], COLUMNS[cell % 3]];
  return row === "middle" && column === "center" ? "center" : `${row} ${column}`;
};

function thirds(image) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 3;
  const brush = canvas.getContext("2d");
  brush.imageSmoothingQuality = "high";
  brush.drawImage(image, 0, 0, 3, 3);
  const { data } = brush.getImageData(0, 0, 3, 3);
  return ROWS.flatMap((_, row) => COLUMNS.map((_, column) => {
    const at = 4 * (3 * row + column);
    return 0.2126 * data[at] + 0.7152 * data[at + 1] + 0.0722 * data[at + 2];
  }));
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
