"""Depth → the files that a job's options ask for."""

from __future__ import annotations

from dataclasses import dataclass

from contract.jobs import DepthInfo
from worker.outputs.encoding.origin import origin_of, with_origin
from worker.outputs.registry import renderer_of
from worker.outputs.view import View


@dataclass(frozen=True)
class RenderedFile:
    """One file, ready to be stored. `width` and `height` are None for what is no picture."""

    output: str  # a name of contract.outputs
    extension: str
    media_type: str
    width: int | None
    height: int | None
    data: bytes


@dataclass(frozen=True)
class Rendered:
    """The files, and what the numbers of a depth file mean, also if none was asked for."""

    depth: DepthInfo
    files: list[RenderedFile]


def render(view: View) -> Rendered:
    """Return the files that the options of `view` ask for, in the outputs' own order.

    Raises InternalError if the depth is not finite or a renderer is missing.
    """
    info, origin = view.info, origin_of(view.model)
    files = []
    for output in view.options.asked():
        made = renderer_of(output.name)(view)
        kind = output.file_type(view.options)
        width, height = made.size or (None, None)
        data = with_origin(made.data, kind.extension, origin)
        file = RenderedFile(output.name, kind.extension, kind.media_type, width, height, data)
        files.append(file)
    return Rendered(info, files)
