"""Every depth format comes back as the floats that went in; anything else is refused."""

from __future__ import annotations

import contextlib
import io
import struct
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from client.depth_file import read_depth
from contract.errors import InvalidRequest
from contract.jobs import ModelInfo
from contract.options import JobOptions
from contract.outputs.depth import DepthFormat
from worker.outputs.encoding.exr import encode_exr
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


def png_that_says(text: str) -> bytes:
    file, about = io.BytesIO(), PngImagePlugin.PngInfo()
    about.add_text("depthq", text)
    Image.new("I;16", (4, 4)).save(file, "PNG", pnginfo=about)
    return file.getvalue()


def exr_that_says(text: str) -> bytes:
    return encode_exr(np.zeros((1, 1), np.float32), {"depthq": text})


def exr_of_no_rows() -> bytes:
    box = b"box2i\0" + struct.pack("<i", 16)
    whole, none = (box + struct.pack("<iiii", 0, 0, 0, bottom) for bottom in (0, -2))
    return exr_that_says("{}").replace(whole, none)


def tiff16_with(tag: int, value: int) -> bytes:
    """Return a 16-bit TIFF of ours that says `value` in the entry `tag` of its directory."""
    data = bytearray(file_of("tiff16").files[0].data)
    (start,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    for place in range(start + 2, start + 2 + 12 * count, 12):
        if struct.unpack_from("<H", data, place)[0] == tag:
            struct.pack_into("<I", data, place + 8, value)
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (png_that_says("[" * 50_000), "recursion"),
        (exr_that_says("[" * 50_000), "recursion"),
        (exr_that_says("[1]"), "no JSON object"),
        (png_that_says('{"min": NaN, "max": 1}'), "no end"),
        (png_that_says('{"min": 1e999, "max": 1}'), "no end"),
        (b"Pf\n-1 1\n-1.0\n" + bytes(16), "-1x1"),
        (b"Pf\n0 5\n-1.0\n" + bytes(16), "0x5"),
        (exr_of_no_rows(), "1x-1"),
        (tiff16_with(257, 4_000_000), "at most 178956970"),  # rows: a bomb of two gigabytes
        (tiff16_with(278, 1), "more strips than rows, or too few"),
    ],
)  # fmt: skip
def test_what_a_file_says_of_itself_is_not_believed(data: bytes, why: str) -> None:
    with pytest.raises(InvalidRequest, match=why):
        read_depth(data)
