"""A reader written from the GDepth and XMP specifications finds the depth that went in."""

from __future__ import annotations

import base64
import hashlib
import io
import struct
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from contract.jobs import ModelInfo
from contract.options import JobOptions
from worker.outputs.encoding.geometry import distance
from worker.outputs.render import RenderedFile, render
from worker.outputs.view import View

MODEL = ModelInfo(
    name="midas_small", weights_id="w-1", engine="openvino", precision="fp32", net_size=(48, 64)
)
GDEPTH = "{http://ns.google.com/photos/1.0/depthmap/}"
NOTE = "{http://ns.adobe.com/xmp/note/}HasExtendedXMP"
RANDOM = np.random.default_rng(11)
NOISE = RANDOM.random((600, 800)).astype(np.float32) * 9 + 4  # hard to compress: many segments
SMOOTH = np.tile(np.linspace(2, 7, 64, dtype=np.float32), (48, 1))


def gdepth_of(depth: NDArray[np.float32], **options: Any) -> RenderedFile:
    rows, columns = depth.shape
    rgb = np.zeros((rows, columns, 3), np.uint8)
    rgb[:, : columns // 2] = (200, 60, 30)
    asked = JobOptions.model_validate({"outputs": ["gdepth"], **options})
    (file,) = render(View(depth, asked, columns, rows, MODEL, pixels=rgb)).files
    return file


def app1(jpeg: bytes) -> list[bytes]:
    """Return the payloads of the APP1 segments before the scan."""
    found, place = [], 2
    while jpeg[place + 1] != 0xDA:
        assert jpeg[place] == 0xFF
        length = int.from_bytes(jpeg[place + 2 : place + 4], "big")
        if jpeg[place + 1] == 0xE1:
            found.append(jpeg[place + 4 : place + 2 + length])
        place += 2 + length
    return found


def attributes(xml: bytes) -> dict[str, str]:
    (description,) = ElementTree.fromstring(xml).iter(
        "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description"
    )
    return dict(description.attrib)


def properties(jpeg: bytes) -> dict[str, str]:
    """Return all properties, those of the extension too, as the specification joins them."""
    main_id, extension_id = (
        b"http://ns.adobe.com/xap/1.0/\0",
        b"http://ns.adobe.com/xmp/extension/\0",
    )
    (main,) = (p[len(main_id) :] for p in app1(jpeg) if p.startswith(main_id))
    found = attributes(main)
    if NOTE in found:
        portions: dict[int, bytes] = {}
        for payload in (p[len(extension_id) :] for p in app1(jpeg) if p.startswith(extension_id)):
            assert payload[:32].decode() == found[NOTE]
            full, offset = struct.unpack(">II", payload[32:40])
            portions[offset] = payload[40:]
        whole = b"".join(portions[offset] for offset in sorted(portions))
        assert len(whole) == full
        assert hashlib.md5(whole).hexdigest().upper() == found[NOTE]
        found |= attributes(whole)
    return found


def distances(said: dict[str, str]) -> NDArray[np.float64]:
    """Return the depth that the file holds, by the formula of RangeInverse."""
    assert said[f"{GDEPTH}Format"] == "RangeInverse"
    assert said[f"{GDEPTH}Mime"] == "image/png"
    near, far = float(said[f"{GDEPTH}Near"]), float(said[f"{GDEPTH}Far"])
    assert 0 < near < far
    image = Image.open(io.BytesIO(base64.b64decode(said[f"{GDEPTH}Data"])))
    assert image.mode == "L"
    share = np.asarray(image) / 255
    return far * near / (far - share * (far - near))


@pytest.mark.parametrize("depth", [SMOOTH, NOISE], ids=["one-segment", "extended"])
@pytest.mark.parametrize("ratio", [5, 40])
def test_the_distances_that_went_in_are_read_back(depth: NDArray[np.float32], ratio: int) -> None:
    said = properties(gdepth_of(depth, near_far_ratio=ratio).data)
    wanted = distance(depth, ratio, float(depth.min()), float(depth.max()))
    step = (1 - 1 / ratio) / 255
    assert abs(1 / distances(said) - 1 / wanted).max() <= 0.51 * step
    assert (NOTE in said) == (depth is NOISE)
    assert said[f"{GDEPTH}Units"] == "relative", "no meters are claimed"


def test_an_extension_is_cut_into_segments_that_a_jpeg_can_hold() -> None:
    payloads = app1(gdepth_of(NOISE).data)
    assert len(payloads) > 8
    assert max(len(payload) for payload in payloads) <= 65_533


def test_it_is_a_plain_photograph_for_all_other_readers() -> None:
    file = gdepth_of(NOISE)
    image = Image.open(io.BytesIO(file.data))
    assert (image.format, image.size, file.media_type) == ("JPEG", (800, 600), "image/jpeg")
    assert (file.width, file.height) == (800, 600)
    assert np.abs(np.asarray(image)[300, 200].astype(int) - (200, 60, 30)).max() <= 6


def test_at_the_networks_size_photograph_and_depth_have_it() -> None:
    asked = JobOptions.model_validate({"outputs": ["gdepth"], "size": "model"})
    rgb = np.full((480, 640, 3), 90, np.uint8)
    (file,) = render(View(SMOOTH, asked, 640, 480, MODEL, pixels=rgb)).files
    assert Image.open(io.BytesIO(file.data)).size == (64, 48)
    assert distances(properties(file.data)).shape == (48, 64)
