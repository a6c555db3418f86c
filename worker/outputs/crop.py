"""Crops around the subject: their boxes as JSON, and the photograph cropped, in a ZIP."""

from __future__ import annotations

import io
import json
import zipfile

from contract.outputs.crop_options import CropOptions, ratios
from worker.outputs.encoding.about_subject import about
from worker.outputs.encoding.crops import Crop, crop
from worker.outputs.encoding.jpeg import encode_jpeg
from worker.outputs.encoding.zips import entry
from worker.outputs.view import Rendering, View

_QUALITY = 92


def render(view: View) -> Rendering:
    """Return the boxes as JSON: fractions of width and height, and px of `view.size`."""
    width, height = view.size
    said = {
        "width": width,
        "height": height,
        "subject": about(view.subject),
        "crops": {text: box.as_dict(width, height) for text, box in _crops(view).items()},
        "model": view.model.name,
        "weights_id": view.model.weights_id,
    }
    return Rendering(json.dumps(said, indent=1).encode(), None)


def render_pictures(view: View) -> Rendering:
    """Return a ZIP of one JPEG per ratio, `16x9.jpg`, and the boxes, `crops.json`."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for text, box in _crops(view).items():
            part = view.photograph[box.top : box.top + box.height, box.left : box.left + box.width]
            name = f"{text.replace(':', 'x')}.jpg"
            archive.writestr(entry(name), encode_jpeg(part, _QUALITY))
        archive.writestr(entry("crops.json"), render(view).data)
    return Rendering(file.getvalue(), None)


def _crops(view: View) -> dict[str, Crop]:
    options = view.options.of(CropOptions)
    return {
        text: crop(view.subject.box, ratio, options.crop_zoom, *view.size)
        for text, ratio in ratios(options.aspects).items()
    }
