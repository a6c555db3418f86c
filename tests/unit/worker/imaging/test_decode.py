"""What comes out of the child for good images of every kind."""

from __future__ import annotations

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps

from contract.image_header import ImageHeader
from tests.pictures import encoded, photo, with_orientation
from worker.imaging.decoder import Decoder
from worker.imaging.reduction import reduction
from worker.models.prepare import net_size, prepare


def expected(image: Image.Image) -> NDArray[np.float32]:
    """The tensor of a picture as Pillow shows it."""
    rgb = np.asarray(image.convert("RGB"))
    return prepare(rgb, *net_size(*rgb.shape[:2]))


def assert_shows(decoder: Decoder, data: bytes, image: Image.Image, levels: float = 3) -> None:
    """The decoder sees `image` in `data`, within so many of 256 levels."""
    prepared = decoder.decode(data)
    assert (prepared.width, prepared.height) == image.size
    assert prepared.downsampled_to is None
    assert prepared.warnings == ()
    difference = np.abs(prepared.tensor - expected(image)).max()
    assert difference <= levels / 255 / 0.224


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_turns_the_picture_as_its_exif_says(decoder: Decoder, name: str, orientation: int) -> None:
    data = with_orientation(photo(), name, orientation)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    assert_shows(decoder, data, upright, levels=6 if name == "AVIF" else 3)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turns_a_picture_decoded_at_reduced_scale(decoder: Decoder, orientation: int) -> None:
    data = with_orientation(photo(1602, 1095), "JPEG", orientation)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    assert_shows(decoder, data, upright, levels=5)


@pytest.mark.parametrize(
    ("name", "mode"),
    [("JPEG", "L"), ("JPEG", "CMYK"), ("PNG", "L"), ("PNG", "P"), ("PNG", "1"), ("WEBP", "L")],
)
def test_every_color_model_becomes_rgb(decoder: Decoder, name: str, mode: str) -> None:
    image = photo(mode=mode)
    assert_shows(decoder, encoded(image, name), image, levels=6)


def test_sixteen_bits_become_eight(decoder: Decoder) -> None:
    deep = np.linspace(0, 65535, 64 * 48).reshape(48, 64).astype(np.uint16)
    data = encoded(Image.fromarray(deep), "PNG")
    assert_shows(decoder, data, Image.fromarray((deep >> 8).astype(np.uint8)))


@pytest.mark.parametrize("name", ["TIFF", "BMP", "GIF"])
def test_extra_formats_decode_where_they_are_named(all_formats_decoder: Decoder, name: str) -> None:
    image = photo()
    if name == "GIF":
        image = image.quantize(64).convert("RGB")
    assert_shows(all_formats_decoder, encoded(image, name), image, levels=6)


@pytest.mark.parametrize("name", ["GIF", "WEBP"])
def test_of_several_frames_the_first_counts(all_formats_decoder: Decoder, name: str) -> None:
    frames = [Image.new("RGB", (64, 48), color) for color in ((200, 40, 40), (0, 0, 255))]
    data = encoded(frames[0], name, save_all=True, append_images=frames[1:])
    assert_shows(all_formats_decoder, data, frames[0])


@pytest.mark.parametrize("name", ["JPEG", "PNG"])
def test_long_sides_are_limited(decoder: Decoder, name: str) -> None:
    prepared = decoder.decode(encoded(photo(5000, 50), name))
    assert prepared.downsampled_to == (4096, 41)
    assert (prepared.width, prepared.height) == (4096, 41)
    assert prepared.tensor.shape == (3, 32, 256)


@pytest.mark.parametrize("size", [(1, 1), (1, 30_000), (30_000, 1), (16, 16), (3, 400)])
def test_extreme_shapes_decode(decoder: Decoder, size: tuple[int, int]) -> None:
    prepared = decoder.decode(encoded(photo(*size), "PNG"))
    assert min(prepared.width, prepared.height) == min(size)
    assert np.isfinite(prepared.tensor).all()


def test_damage_that_decodes_all_the_same_is_reported(decoder: Decoder) -> None:
    data = encoded(photo(640, 480), "JPEG")
    middle = len(data) // 2
    prepared = decoder.decode(data[:middle] + b"\0" * 40 + data[middle + 40 :])
    assert any("orrupt JPEG" in line for line in prepared.warnings)
    assert prepared.damage == ("corrupt_data",)
    assert decoder.decode(data).warnings == ()


@pytest.mark.parametrize(
    ("width", "height", "factor"),
    [(640, 480, 1), (1535, 700, 1), (1536, 9, 2), (3071, 9, 2), (3072, 9, 4), (6144, 6144, 8)],
)
def test_jpeg_keeps_three_times_the_networks_size(width: int, height: int, factor: int) -> None:
    assert reduction(ImageHeader("image/jpeg", width, height), 768) == factor
    assert reduction(ImageHeader("image/png", width, height), 768) == 1


def test_no_reduction_hides_a_turn(decoder: Decoder) -> None:
    data = with_orientation(photo(1537, 1538), "JPEG", 6)  # both sides halve to 769
    prepared = decoder.decode(data)
    assert (prepared.width, prepared.height) == (1538, 1537)
