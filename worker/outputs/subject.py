"""The mask of the subject, 8 bits."""

from __future__ import annotations

from worker.outputs.encoding.about_subject import as_text
from worker.outputs.encoding.png import encode_png
from worker.outputs.view import Rendering, View


def render(view: View) -> Rendering:
    """Return the mask as gray PNG: 255 is the subject; its text says whether it is a clear one."""
    return Rendering(encode_png(view.alpha, as_text(view.subject)), view.size)
