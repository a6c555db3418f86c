"""Every depth format comes back as the floats that went in; anything else is refused."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from client.depth_file import read_depth
from contract.errors import InvalidRequest
from contract.jobs import ModelInfo
from contract.options import JobOptions
from contract.outputs.depth import DepthFormat
from worker.outputs.encoding.upsample import upsample
from worker.outputs.render import Rendered, render
from worker.outputs.view import View

MODEL = ModelInfo(
    name="midas_small", weights_id="w-1", engine="openvino", precision="fp32", net_size=(96, 128)
)
DEPTH = np.random.default_rng(2).normal(12, 4, (96, 128)).astype(np.float32)
SIZE = (333, 251)


def file_of(depth_format: str) -> Rendered:
    options = JobOptions(outputs=("depth",), depth_format=depth_format)
    return render(View(DEPTH, options, *SIZE, MODEL))


@pytest.mark.parametrize("depth_format", get_args(DepthFormat))
def test_floats_come_back(depth_format: str, tmp_path: Path) -> None:
    result = file_of(depth_format)
    path = tmp_path / f"depth.{result.files[0].extension}"
    path.write_bytes(result.files[0].data)
    values = read_depth(path).values
    step = (result.depth.max - result.depth.min) / 65535
    allowed = (
        0.52 * step if depth_format in {"png16", "tiff16"} else 0
    )  # half a step, and float32's own
    assert values.dtype == np.float32
    np.testing.assert_allclose(values, upsample(DEPTH, *SIZE), rtol=0, atol=allowed)


@pytest.mark.parametrize("depth_format", ["png16", "exr", "tiff16", "tiff32"])
def test_the_file_says_what_it_holds(depth_format: str) -> None:
    result = file_of(depth_format)
    meta = read_depth(result.files[0].data).meta
    assert meta["kind"] == "relative-inverse"
    assert (meta["min"], meta["max"]) == (result.depth.min, result.depth.max)
    assert meta["weights_id"] == "w-1"
    assert meta["source_size"] == [251, 333]


def _plain_png() -> bytes:
    file = io.BytesIO()
    Image.new("I;16", (4, 4)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    "data", [b"", b"hello", _plain_png(), b"Pf\n3 x\n-1\n", b"Pf\n3 3\n-1.0\nshort", b"\x93NUMPY\1"]
)
def test_other_files_are_refused(data: bytes) -> None:
    with pytest.raises(InvalidRequest):
        read_depth(data)


def test_pickles_are_not_opened() -> None:
    file = io.BytesIO()
    np.save(file, np.array([{"a": 1}], object), allow_pickle=True)
    with pytest.raises(InvalidRequest):
        read_depth(file.getvalue())


FILES = [file_of(name).files[0].data for name in get_args(DepthFormat)]


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(FILES), st.data())
def test_damage_gives_depth_or_a_clear_error(file: bytes, data: st.DataObject) -> None:
    broken = bytearray(file[: data.draw(st.integers(0, len(file)))])
    for _ in range(data.draw(st.integers(0, 4))):
        if broken:
            place = data.draw(st.integers(0, min(len(broken), 600) - 1))
            broken[place] = data.draw(st.integers(0, 255))
    with contextlib.suppress(InvalidRequest, OSError):
        read_depth(bytes(broken))
