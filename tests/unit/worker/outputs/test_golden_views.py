"""Pictures of a rendered scene look as they did when they were last looked at."""

from __future__ import annotations

import io

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
    made = Image.open(io.BytesIO(file.data))
    wanted = Image.open(io.BytesIO(path_of(file).read_bytes()))
    assert (made.size, getattr(made, "n_frames", 1)) == (
        wanted.size,
        getattr(wanted, "n_frames", 1),
    )
    off = abs(np.asarray(made.convert("RGB"), int) - np.asarray(wanted.convert("RGB"), int))
    assert off.mean() < 0.5, "encoders of other versions differ by less"
    assert (off.max(axis=2) > 24).mean() < 0.002
