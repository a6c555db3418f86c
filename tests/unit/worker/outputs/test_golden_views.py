"""Pictures of a rendered scene look as they did when they were last looked at."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from tests.golden.views import OUTPUTS, files, path_of
from worker.outputs.render import RenderedFile


@pytest.fixture(scope="module")
def made_anew() -> dict[str, RenderedFile]:
    return {file.output: file for file in files()}


@pytest.mark.parametrize("output", OUTPUTS)
def test_the_picture_is_the_one_that_was_looked_at(
    output: str, made_anew: dict[str, RenderedFile]
) -> None:
    file = made_anew[output]
    made, wanted = pictures(file.data), pictures(path_of(file).read_bytes())
    assert made.keys() == wanted.keys()
    for name in made:
        check_alike(made[name], wanted[name])


def pictures(data: bytes) -> dict[str, Image.Image]:
    """The pictures of a file by name: of an archive each, else the one."""
    if not data.startswith(b"PK"):
        return {"": Image.open(io.BytesIO(data))}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = [name for name in archive.namelist() if name.endswith(".jpg")]
        return {name: Image.open(io.BytesIO(archive.read(name))) for name in names}


def check_alike(made: Image.Image, wanted: Image.Image) -> None:
    """Both have the same size, and colors that differ by what encoders of other versions do."""
    assert (made.size, made.mode) == (wanted.size, wanted.mode)
    assert getattr(made, "n_frames", 1) == getattr(wanted, "n_frames", 1)
    off = abs(np.asarray(made.convert("RGBA"), int) - np.asarray(wanted.convert("RGBA"), int))
    assert off.mean() < 0.5
    assert (off.max(axis=2) > 24).mean() < 0.002
