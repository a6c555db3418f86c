"""Every file says which network and weights it comes from, and stays what it was."""

from __future__ import annotations

import io
import json
import struct
import wave
import xml.etree.ElementTree as ElementTree
import zipfile
from collections.abc import Callable

import laspy
import numpy as np
import pytest
from PIL import Image

from contract.outputs.registry import OUTPUTS
from tests.unit.worker.outputs.spaces import corridor, view_of
from worker.outputs.encoding.origin import origin_line, origin_of, with_origin
from worker.outputs.registry import renderer_of
from worker.outputs.render import render
from worker.outputs.view import View

ORIGIN = "depthq; model midas_small; weights w-1"
# What has no place for it, or is read aloud; the job's document says it.
SILENT = {"npy", "pfm", "xyz", "txt", "ogg"}
OPTIONAL = {("speech", "wav"), ("speech", "opus"), ("sonify", "opus")}
CASES = [
    (output.name, name)
    for output in OUTPUTS.values()
    for name in output.types
    if (output.name, name) not in OPTIONAL
]


def _asked(output: str, name: str, **more: object) -> View:
    scene = corridor(96, 72)
    key = OUTPUTS[output].format_option
    chosen = {key: name} if key else {}
    return view_of(scene.inverse, scene.rgb, outputs=[output], **chosen, **more)


def _jpg(data: bytes) -> str:
    return str(Image.open(io.BytesIO(data)).info["comment"].decode())


def _png(data: bytes) -> str:
    image = Image.open(io.BytesIO(data))
    image.load()
    return str(image.info["Software"])


def _webp(data: bytes) -> str:
    image = Image.open(io.BytesIO(data))
    image.load()
    described = ElementTree.fromstring(image.info["xmp"])[0][0]
    return described.attrib["{http://ns.adobe.com/xap/1.0/}CreatorTool"]


def _wav(data: bytes) -> str:
    with wave.open(io.BytesIO(data)) as sound:
        assert len(sound.readframes(sound.getnframes())) > 0
    return data[data.index(b"ISFT") + 8 :].split(b"\0")[0].decode()


def _glb(data: bytes) -> str:
    import trimesh  # here: a second in each test process that collects this

    scene = trimesh.load(io.BytesIO(data), file_type="glb")
    assert sum(len(mesh.faces) for mesh in scene.geometry.values()) > 0
    length = struct.unpack_from("<I", data, 12)[0]
    assert struct.unpack_from("<I", data, 8)[0] == len(data)
    return str(json.loads(data[20 : 20 + length])["asset"]["extras"]["origin"])


def _ply(data: bytes) -> str:
    import trimesh

    assert len(trimesh.load(io.BytesIO(data), file_type="ply").vertices) > 0
    comments = [line for line in data[:600].split(b"\n") if line.startswith(b"comment depthq")]
    return comments[0].removeprefix(b"comment ").decode()


def _las(data: bytes) -> str:
    cloud = laspy.read(io.BytesIO(data))
    assert len(cloud.points) > 0
    return str(bytes(cloud.header.vlrs[0].record_data_bytes()).decode())


def _zip(data: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert archive.namelist()
        return archive.comment.decode()


def _mp4(data: bytes) -> str:
    av = pytest.importorskip("av")
    with av.open(io.BytesIO(data)) as movie:
        assert next(movie.decode(video=0)).width > 0
        return str(movie.metadata["comment"])


def _inside(data: bytes) -> str:
    assert b"midas_small" in data, "the format's own description"
    assert b"w-1" in data
    return ORIGIN


READERS: dict[str, Callable[[bytes], str]] = {
    "jpg": _jpg, "png": _png, "webp": _webp, "wav": _wav, "glb": _glb, "ply": _ply, "las": _las,
    "zip": _zip, "mp4": _mp4, "exr": _inside, "tif": _inside, "json": _inside,
}  # fmt: skip


@pytest.mark.parametrize(("output", "name"), CASES)
def test_a_file_names_its_model_and_weights(output: str, name: str) -> None:
    if name == "mp4":
        pytest.importorskip("av")
    (file,) = render(_asked(output, name)).files
    if file.extension in SILENT:
        assert b"w-1" not in file.data
        return
    assert READERS[file.extension](file.data) == ORIGIN


@pytest.mark.parametrize(("output", "name"), [
    ("heatmap", "jpg"), ("heatmap", "png"), ("heatmap", "webp"), ("depth", "png16"),
    ("gdepth", "jpg"), ("cutout", "png"), ("parallax", "webp"),
])  # fmt: skip
def test_pixels_are_not_touched(output: str, name: str) -> None:
    view = _asked(output, name)
    (file,) = render(view).files
    bare = renderer_of(output)(view).data
    with Image.open(io.BytesIO(file.data)) as said, Image.open(io.BytesIO(bare)) as before:
        assert (said.size, said.mode) == (before.size, before.mode)
        assert getattr(said, "n_frames", 1) == getattr(before, "n_frames", 1)
        assert np.array_equal(np.asarray(said), np.asarray(before))


@pytest.mark.parametrize("side", [1, 2, 255, 300])
def test_the_extended_form_of_webp_has_the_size_of_the_picture(side: int) -> None:
    file = io.BytesIO()
    Image.new("RGB", (side, 3 * side), (9, 90, 200)).save(file, "WEBP", quality=90)
    image = Image.open(io.BytesIO(with_origin(file.getvalue(), "webp", ORIGIN)))
    assert image.size == (side, 3 * side)


def test_a_name_of_ones_own_becomes_ascii() -> None:
    model = _asked("depth", "npy").model.model_copy(update={"name": "mein-größeres"})
    assert origin_of(model) == "depthq; model mein-gr??eres; weights w-1"


@pytest.mark.parametrize(("weights", "said"), [
    ({"b", "a"}, "; weights a, b"),
    ({"a", ""}, "; weights a"),
    ({""}, ""),
])  # fmt: skip
def test_what_was_computed_in_parts_names_the_weights_that_are_known(
    weights: set[str], said: str
) -> None:
    assert origin_line("m", weights) == f"depthq; model m{said}"
