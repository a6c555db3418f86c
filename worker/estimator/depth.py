"""`Depth`: what DepthEstimator gives back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from contract.errors import InvalidRequest
from contract.jobs import ModelInfo
from contract.options import JobOptions
from worker.outputs import depth as depth_files
from worker.outputs.heatmap import Shades, heatmap
from worker.outputs.view import View

_FORMATS = {".png": "png16", ".npy": "npy", ".pfm": "pfm", ".exr": "exr"}


class Depth:
    """Relative inverse depth of one picture: larger is nearer, no unit."""

    def __init__(self, view: View) -> None:
        self._view = view

    @property
    def values(self) -> NDArray[np.float32]:
        """Depth at the picture's size, float32 (h, w). Made once, when it is first asked for."""
        return self._view.values

    @property
    def network_values(self) -> NDArray[np.float32]:
        """Depth as the network gave it: float32, at the size it works at."""
        return self._view.depth

    @property
    def model(self) -> ModelInfo:
        """What computed it: model, weights, engine, precision."""
        return self._view.model

    def save(self, path: str | Path) -> Path:
        """Write the depth to `path` and return it; the suffix is .png, .npy, .pfm or .exr.

        The same files as the service makes; `read_depth` reads them back.
        """
        target = Path(path)
        if target.suffix.lower() not in _FORMATS:
            raise InvalidRequest(f"depth is saved as {', '.join(_FORMATS)}, not {target.name!r}")
        options = JobOptions.model_validate({"depth_format": _FORMATS[target.suffix.lower()]})
        target.write_bytes(depth_files.render(self._with(options)).data)
        return target

    def heatmap(self, colormap: str = "inferno", *, invert: bool = False) -> Image.Image:
        """Return the depth in colors, near is bright: `.save("x.jpg")`, or shown by a notebook."""
        JobOptions.model_validate({"colormap": colormap})  # refuses one that is not known
        view = self._view
        shades = Shades(colormap, invert)
        pixels = heatmap(view.depth, *view.net_range, shades, view.width, view.height)
        color = pixels.ndim == 3
        return Image.fromarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB) if color else pixels)

    def _with(self, options: JobOptions) -> View:
        view = View(self._view.depth, options, self._view.width, self._view.height, self.model)
        vars(view)["values"] = self.values  # do not resize once more
        return view

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """Let NumPy read it: `np.asarray(depth)`."""
        return np.array(self.values, dtype=dtype, copy=copy)

    def __repr__(self) -> str:
        view = self._view
        return f"Depth({view.height} x {view.width}, {self.model.name}, {self.model.weights_id})"
