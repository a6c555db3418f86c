"""Pixels and focal length leave the decoding child when wanted, and change nothing else."""

from __future__ import annotations

import io
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps, TiffImagePlugin

from contract.errors import DecoderCrashed, ImageTooLarge, ImageUndecodable
from contract.outputs.declaration import Need
from tests.pictures import EXTRA, encoded, photo, with_orientation
from tests.unit.worker.imaging.conftest import LIMITS, fake
from worker.imaging.decoder import Decoder
from worker.imaging.exif import focal_35mm, orientation
from worker.imaging.prepared import Prepared

PIXELS, CAMERA = frozenset({Need.PIXELS}), frozenset({Need.CAMERA})
CASES = Path(__file__).parents[3] / "cases" / "images"


def upright(data: bytes) -> NDArray[np.uint8]:
    """The picture as Pillow shows it."""
    return np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB"))


def off(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """The mean difference in levels of 256."""
    return float(np.abs(one.astype(int) - other).mean())


def told(prepared: Prepared) -> dict[str, Any]:
    """All but pixels, tensor and times."""
    plain = replace(prepared, pixels=None, tensor=np.zeros(0), decode_ms=0, prepare_ms=0)
    return {**vars(plain), "tensor": None}


PICTURES = {
    "small JPEG": lambda: encoded(photo(), "JPEG"),
    "JPEG of 2 MP": lambda: encoded(photo(1601, 1200), "JPEG"),
    "turned JPEG": lambda: with_orientation(photo(1601, 1200), "JPEG", 6),
    "turned PNG": lambda: with_orientation(photo(), "PNG", 5),
    "WebP": lambda: encoded(photo(), "WEBP"),
    "AVIF": lambda: with_orientation(photo(), "AVIF", 8),
    "grey PNG": lambda: encoded(photo(mode="L"), "PNG"),
}


@pytest.mark.parametrize("name", PICTURES)
def test_pixels_are_the_upright_photograph_and_the_tensor_stays(decoder: Decoder, name) -> None:
    data = PICTURES[name]()
    plain, wanted = decoder.decode(data), decoder.decode(data, PIXELS)
    assert plain.pixels is None
    assert wanted.pixels.dtype == np.uint8
    true = upright(data)
    assert wanted.pixels.shape == (wanted.height, wanted.width, 3) == true.shape
    assert off(wanted.pixels, true) < (4 if name == "AVIF" else 1)
    assert wanted.tensor.tobytes() == plain.tensor.tobytes()
    assert told(wanted) == told(plain)


@pytest.mark.parametrize(
    ("width", "height", "size"), [(5000, 60, (4096, 49)), (60, 9000, (27, 4096))]
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_pixels_are_as_large_as_the_outputs(decoder: Decoder, kind, width, height, size) -> None:
    data = encoded(photo(width, height), kind)
    wanted, plain = decoder.decode(data, PIXELS), decoder.decode(data)
    assert wanted.pixels.shape == (size[1], size[0], 3)
    true = np.asarray(Image.fromarray(upright(data)).resize(size, Image.Resampling.BOX))
    assert off(wanted.pixels, true) < 3
    assert wanted.tensor.tobytes() == plain.tensor.tobytes()


def test_what_is_clear_is_white_in_the_pixels_too(decoder: Decoder) -> None:
    image = Image.new("RGBA", (40, 30), (10, 20, 30, 255))
    image.paste((200, 0, 0, 0), (0, 0, 20, 30))
    pixels = decoder.decode(encoded(image, "PNG"), PIXELS).pixels
    assert (pixels[:, :20] == 255).all()
    assert (pixels[:, 20:] == (10, 20, 30)).all()


def test_fifty_megapixels_fit_in_the_childs_memory(decoder: Decoder) -> None:
    prepared = decoder.decode(encoded(Image.new("L", (8660, 5773)), "JPEG"), PIXELS)
    assert prepared.pixels.shape == (2731, 4096, 3)


def test_without_memory_for_its_pixels_an_image_is_too_large_only_if_they_are_wanted() -> None:
    decoder = Decoder(**{**LIMITS, "memory_bytes": 450 * 1024 * 1024, "max_side_px": 9000})
    data = encoded(Image.new("L", (9000, 9000)), "JPEG")
    assert decoder.decode(data).tensor.shape == (3, 256, 256)
    with pytest.raises(ImageTooLarge, match="memory"):
        decoder.decode(data, PIXELS)
    assert decoder.decode(encoded(photo(), "PNG"), PIXELS).pixels.shape == (48, 64, 3)
    decoder.stop()


def test_an_idle_child_keeps_no_pixels() -> None:
    decoder = Decoder(**LIMITS)
    decoder.decode(encoded(photo(), "PNG"), PIXELS)
    before = resident(decoder)
    decoder.decode(encoded(Image.new("L", (4000, 3000)), "JPEG"), PIXELS)
    decoder.decode(encoded(photo(), "PNG"))
    assert resident(decoder) - before < 20 * 1024 * 1024  # the pixels are 36 MB
    decoder.stop()


def resident(decoder: Decoder) -> int:
    """Bytes of memory that the only child holds."""
    return int(Path(f"/proc/{decoder.pids[0]}/statm").read_text().split()[1]) * 4096


@pytest.mark.parametrize("lie", ["{'size': (40, 40)}; (3, 32, 32)", "{'size': (10**9, 9)}; (3,)"])
def test_of_a_child_whose_size_makes_no_sense_no_pixels_are_read(lie) -> None:
    decoder = fake(processes=1)
    before = decoder.decode(b"good").width
    with pytest.raises(DecoderCrashed, match="no sense"):
        decoder.decode(f"lie {lie}".encode(), PIXELS)
    assert decoder.decode(b"good").width != before, "its pipe may hold more: another child answers"
    decoder.stop()


def test_a_child_that_keeps_its_pixels_is_killed_in_time() -> None:
    decoder = fake(processes=1)
    with pytest.raises(ImageUndecodable, match="took longer than"):
        decoder.decode(b"good", PIXELS)  # says a size, and sends no pixels
    assert decoder.decode(b"good").height == 1
    decoder.stop()


@pytest.mark.parametrize("focal", [0, -1, 10_001, "'x'", "float('nan')", "[]"])
def test_no_child_is_believed_an_impossible_lens(focal) -> None:
    decoder = fake(processes=1)
    lie = f"lie {{'focal_35mm': {focal}}}; (3, 32, 256)"
    with pytest.raises(DecoderCrashed, match="no sense"):
        decoder.decode(lie.encode(), CAMERA)
    decoder.stop()


def exif(focal: int, kind: int = 3, endian: str = "<", turn: int = 6) -> bytes:
    """EXIF with an orientation and a focal length on 35 mm film, of a TIFF type."""
    mark = b"II*\0" if endian == "<" else b"MM\0*"

    def entry(tag: int, kind: int, value: int) -> bytes:
        code = "H2x" if kind == 3 else "I"
        return struct.pack(f"{endian}HHI{code}", tag, kind, 1, value)

    first = struct.pack(f"{endian}H", 2) + entry(0x0112, 3, turn) + entry(0x8769, 4, 38) + bytes(4)
    more = struct.pack(f"{endian}H", 1) + entry(0xA405, kind, focal) + bytes(4)
    return mark + struct.pack(f"{endian}I", 8) + first + more


@pytest.mark.parametrize("endian", "<>")
@pytest.mark.parametrize(
    ("focal", "kind", "said"),
    [
        (28, 3, 28.0),
        (28, 4, 28.0),
        (1, 3, 1.0),
        (10_000, 3, 10_000.0),
        (0, 3, None),
        (10_001, 3, None),
        (65_535, 3, None),
        (2**31, 4, None),
    ],
)
def test_the_focal_length_is_read_within_bounds(endian, focal, kind, said) -> None:
    assert focal_35mm(exif(focal, kind, endian)) == said
    assert focal_35mm(b"Exif\0\0" + exif(focal, kind, endian)) == said
    assert orientation(exif(focal, kind, endian)) == 6


def test_exif_that_ends_anywhere_tells_no_lens_and_no_error() -> None:
    whole = exif(28)
    assert {focal_35mm(whole[:end]) for end in range(len(whole) - 4)} <= {None, 28.0}
    assert focal_35mm(b"") is None
    assert focal_35mm(whole[: len(whole) - 8]) is None
    assert focal_35mm(exif(28).replace(struct.pack("<I", 38), struct.pack("<I", 2**32 - 1))) is None


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
def test_the_focal_length_comes_out_when_it_is_wanted(all_formats_decoder: Decoder, name) -> None:
    tags = TiffImagePlugin.ImageFileDirectory_v2() if name == "TIFF" else Image.Exif()
    tags[0x8769] = {0xA405: 27}
    how = {"tiffinfo": tags} if name == "TIFF" else {"exif": tags.tobytes()}
    data = encoded(photo(), name, **how)
    assert all_formats_decoder.decode(data, CAMERA).focal_35mm == 27.0
    assert all_formats_decoder.decode(data).focal_35mm is None


def test_without_exif_there_is_no_focal_length(all_formats_decoder: Decoder) -> None:
    for name in ("JPEG", "PNG", "WEBP", "AVIF", *map(str.upper, EXTRA)):
        assert all_formats_decoder.decode(encoded(photo(), name), CAMERA).focal_35mm is None


def test_a_heic_is_turned_once_and_tells_its_lens(decoder: Decoder) -> None:
    turned, lens = ((CASES / f"heic-{n}.heic").read_bytes() for n in ("turned-6", "focal"))
    plain, wanted = decoder.decode(turned), decoder.decode(lens, CAMERA | PIXELS)
    assert wanted.focal_35mm == 26.0
    assert (wanted.width, wanted.height) == (plain.width, plain.height) == (48, 64)
    assert wanted.tensor.tobytes() == plain.tensor.tobytes()
    assert off(wanted.pixels, np.rot90(np.asarray(photo()), -1)) < 2
    phone = decoder.decode((CASES / "13-iphone.heic").read_bytes(), CAMERA | PIXELS)
    assert phone.focal_35mm is None
