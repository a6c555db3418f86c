"""Files as ordinary programs write them: turned, cut, animated, transparent; the right pixels."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps

from contract.errors import ImageUndecodable
from tests.hostile.builders import png_chunk
from tests.pictures import encoded, photo, with_orientation
from tests.unit.worker.imaging.test_decode import assert_shows, expected
from worker.imaging.decoder import Decoder
from worker.imaging.exif import orientation

CASES = Path(__file__).parents[3] / "cases" / "images"
EOI = b"\xff\xd9"


def case(name: str) -> bytes:
    return (CASES / name).read_bytes()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def noisy(width: int = 320, height: int = 240) -> Image.Image:
    """A picture whose file is long enough that a cut leaves some rows and takes others."""
    noise = np.random.default_rng(3).integers(0, 40, (height, width, 3))
    return Image.fromarray((np.asarray(photo(width, height)) * 0.8 + noise).astype(np.uint8))


def ramp_of_alpha(image: Image.Image) -> Image.Image:
    image = image.copy()
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    return image


def on_white(image: Image.Image) -> Image.Image:
    """The picture composed on white, by arithmetic of its own."""
    rgba = np.asarray(image.convert("RGBA")).astype(float)
    alpha = rgba[..., 3:] / 255
    return Image.fromarray(np.round(rgba[..., :3] * alpha + 255 * (1 - alpha)).astype(np.uint8))


def top(tensor: NDArray[np.float32], share: float) -> NDArray[np.float32]:
    return tensor[:, : int(tensor.shape[1] * share)]


def assert_cut(decoder: Decoder, data: bytes, whole: bytes, right_share: float) -> None:
    """The file is told as cut, has the size of the whole one, and its upper part is right."""
    prepared, reference = decoder.decode(data), decoder.decode(whole)
    assert prepared.damage == ("truncated",)
    assert (prepared.width, prepared.height) == (reference.width, reference.height)
    difference = top(prepared.tensor, right_share) - top(reference.tensor, right_share)
    assert np.abs(difference).max() < 0.01
    assert reference.damage == ()


# orientation and colour


@pytest.mark.parametrize("orientation", [3, 6])
def test_a_webp_is_turned_though_its_exif_has_the_prefix_of_a_jpegs(
    decoder: Decoder, orientation: int
) -> None:
    data = case(f"05-webp-exif-prefix-{orientation}.webp")
    turn = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_270}[orientation]
    assert_shows(decoder, data, opened(data).convert("RGB").transpose(turn))


def test_an_avif_is_turned_and_mirrored_as_its_boxes_say(decoder: Decoder) -> None:
    data = case("25-avif-rot1mir0.avif")
    stored = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
    upright = Image.fromarray(np.flipud(np.rot90(stored)))  # anti-clockwise, then top to bottom
    assert_shows(decoder, data, upright, levels=6)


def test_red_stays_red_in_an_avif_with_alpha(decoder: Decoder) -> None:
    image = ramp_of_alpha(photo())
    assert_shows(decoder, encoded(image, "AVIF"), on_white(image), levels=8)
    red, _, blue = decoder.decode(case("25-avif-alpha.avif")).tensor.mean((1, 2))
    assert red > blue


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_tiff_is_turned_as_its_tag_says(all_formats_decoder: Decoder, orientation: int) -> None:
    file = io.BytesIO()
    photo().save(file, "TIFF", tiffinfo={274: orientation})
    upright = ImageOps.exif_transpose(opened(with_orientation(photo(), "PNG", orientation)))
    assert_shows(all_formats_decoder, file.getvalue(), upright)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["PNG", "WEBP"])
def test_a_transparent_picture_is_turned_too(decoder: Decoder, name: str, orientation: int) -> None:
    image = ramp_of_alpha(photo())
    data = with_orientation(image, name, orientation)
    assert_shows(decoder, data, on_white(ImageOps.exif_transpose(opened(data))))


@pytest.mark.parametrize(
    ("name", "mode"),
    [("PNG", "RGBA"), ("PNG", "LA"), ("WEBP", "RGBA"), ("TIFF", "RGBA"), ("TIFF", "LA"),
     ("AVIF", "RGBA")],
)  # fmt: skip
def test_transparency_is_composed_on_white(
    all_formats_decoder: Decoder, name: str, mode: str
) -> None:
    image = ramp_of_alpha(photo()).convert(mode)
    options: dict[str, Any] = {"exact": True} if name == "WEBP" else {}
    data = encoded(image, name, **options)
    assert_shows(all_formats_decoder, data, on_white(image), levels=8 if name == "AVIF" else 3)


def test_colours_that_a_palette_calls_transparent_are_white(all_formats_decoder: Decoder) -> None:
    image = photo(mode="P")
    index = int(np.bincount(np.asarray(image).ravel()).argmax())
    shown = np.asarray(image.convert("RGB")).copy()
    shown[np.asarray(image) == index] = 255
    for name in ("PNG", "GIF"):
        data = encoded(image, name, transparency=index)
        assert_shows(all_formats_decoder, data, Image.fromarray(shown), levels=6)


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_png_may_name_one_colour_transparent(decoder: Decoder, mode: str) -> None:
    image = Image.new(mode, (64, 48), (10, 20, 30) if mode == "RGB" else 10)
    image.paste((200, 100, 50) if mode == "RGB" else 200, (0, 0, 32, 48))
    shown = Image.new(mode, (64, 48), "white")
    shown.paste(image.crop((0, 0, 32, 48)), (0, 0))
    key = (10, 20, 30) if mode == "RGB" else 10
    assert_shows(decoder, encoded(image, "PNG", transparency=key), shown)


def test_what_transparent_pixels_hide_changes_nothing(decoder: Decoder) -> None:
    black, white = (decoder.decode(case(f"19-alpha-{name}.png")) for name in ("black", "white"))
    np.testing.assert_array_equal(black.tensor, white.tensor)
    assert black.tensor.max() > 2  # white is there


def test_an_opaque_alpha_channel_changes_nothing(decoder: Decoder) -> None:
    opaque = photo()
    opaque.putalpha(255)
    np.testing.assert_array_equal(
        decoder.decode(encoded(opaque, "PNG")).tensor,
        decoder.decode(encoded(photo(), "PNG")).tensor,
    )


@pytest.mark.parametrize("byte_order", ["<", ">"])
@pytest.mark.parametrize(("kind", "code"), [(1, "B"), (3, "H"), (4, "I")])
def test_an_orientation_counts_in_whatever_integer_it_is_written(
    byte_order: str, kind: int, code: str
) -> None:
    start = {"<": b"II*\0", ">": b"MM\0*"}[byte_order]
    value = struct.pack(byte_order + code, 6).ljust(4, b"\0")
    entry = struct.pack(byte_order + "HHI", 0x0112, kind, 1) + value
    exif = start + struct.pack(byte_order + "IH", 8, 1) + entry
    assert orientation(exif) == orientation(b"Exif\0\0" + exif) == 6


@pytest.mark.parametrize("exif", [b"", b"Exif\0\0", b"II*\0\xff\xff\xff\xff", b"MM\0*" + b"\0" * 9])
def test_exif_that_makes_no_sense_turns_nothing(exif: bytes) -> None:
    assert orientation(exif) == 1


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"])
def test_a_compressed_tiff_decodes_where_no_file_can_be_opened(
    all_formats_decoder: Decoder, compression: str
) -> None:
    data = encoded(photo(), "TIFF", compression=compression)
    assert_shows(all_formats_decoder, data, opened(data).convert("RGB"))


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("suffix", [".png", ".tiff"])
def test_sixteen_bits_a_channel_become_eight_whatever_the_channels(
    all_formats_decoder: Decoder, suffix: str, channels: int
) -> None:
    eight = np.dstack([np.asarray(photo()), np.full((48, 64), 255, np.uint8)])[..., :channels]
    bgr = eight[..., [2, 1, 0, 3][:channels]] if channels > 1 else eight
    deep = np.ascontiguousarray(bgr).astype(np.uint16) << 8
    data = cv2.imencode(suffix, deep | 0xFF)[1].tobytes()
    shown = eight[..., :3] if channels > 1 else np.repeat(eight, 3, 2)
    assert_shows(all_formats_decoder, data, Image.fromarray(shown), levels=1)


# cut short


def test_a_jpeg_without_its_end_marker_is_whole_and_told(decoder: Decoder) -> None:
    data = case("01-no-eoi.jpg")
    assert_cut(decoder, data, data + EOI, 1.0)


@pytest.mark.parametrize("left", [b"", b"\xff", b"\xff\xff"])
def test_a_jpeg_cut_in_half_shows_what_there_is(decoder: Decoder, left: bytes) -> None:
    assert_cut(decoder, case("02-truncated-half.jpg") + left, case("01-no-eoi.jpg") + EOI, 0.35)


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_a_progressive_jpeg_cut_anywhere_is_coarse_but_whole(
    decoder: Decoder, share: float
) -> None:
    whole = encoded(noisy(640, 480), "JPEG", progressive=True, quality=90)
    prepared = decoder.decode(whole[: int(len(whole) * share)])
    assert prepared.damage == ("truncated",)
    if share > 0.3:  # by then every part has its first scan
        difference = np.abs(prepared.tensor - decoder.decode(whole).tensor)
        assert difference.mean() < 0.2


def test_a_progressive_jpeg_cut_within_a_table_is_coarse_but_whole(decoder: Decoder) -> None:
    whole = encoded(noisy(), "JPEG", progressive=True)
    table = whole.rindex(b"\xff\xc4")  # in front of the last scan
    prepared = decoder.decode(whole[: table + 6])
    assert prepared.damage == ("truncated",)
    assert np.abs(prepared.tensor - decoder.decode(whole).tensor).mean() < 0.1


def test_a_jpeg_cut_before_its_pixels_cannot_be_read(decoder: Decoder) -> None:
    whole = encoded(photo(), "JPEG")
    with pytest.raises(ImageUndecodable):
        decoder.decode(whole[: whole.index(b"\xff\xda")])


def test_a_png_without_its_end_chunk_is_whole_and_told(decoder: Decoder) -> None:
    whole = encoded(noisy(), "PNG")
    assert_cut(decoder, whole[:-12], whole, 1.0)
    assert_cut(decoder, whole[:-5], whole, 1.0)


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
def test_a_png_cut_in_half_shows_what_there_is(decoder: Decoder, mode: str) -> None:
    whole = encoded(noisy().convert(mode), "PNG")
    assert_cut(decoder, whole[: len(whole) // 2], whole, 0.4)


def test_a_webp_cut_in_half_shows_what_there_is(decoder: Decoder) -> None:
    whole = encoded(noisy(), "WEBP", lossless=False, quality=90)
    assert_cut(decoder, whole[: len(whole) * 6 // 10], whole, 0.3)
    assert decoder.decode(case("02g-truncated.webp")).damage == ("truncated",)


def test_a_webp_that_claims_gigabytes_more_than_it_has_is_not_filled_up(decoder: Decoder) -> None:
    whole = bytearray(encoded(noisy(), "WEBP", lossless=False))
    whole[4:8] = struct.pack("<I", 2**32 - 2)
    with pytest.raises(ImageUndecodable):
        decoder.decode(bytes(whole))


# something behind or within


def test_what_follows_the_first_image_of_a_jpeg_is_not_the_image(decoder: Decoder) -> None:
    prepared = decoder.decode(case("03-min-12mp.jpg"))
    assert (prepared.width, prepared.height) == (4032, 3024)
    assert (prepared.downsampled_to, prepared.damage) == (None, ())


@pytest.mark.parametrize("behind", [b"\xff\xda" * 200_000, b"\0" * 99, b"\n"])
def test_a_jpeg_with_anything_behind_it_is_the_same_picture(
    decoder: Decoder, behind: bytes
) -> None:
    alone = encoded(photo(), "JPEG")
    assert_shows(decoder, alone + behind, opened(alone))


def test_a_photograph_of_fifty_megapixels_with_its_video_behind_it_decodes(
    decoder: Decoder,
) -> None:
    photograph = encoded(Image.new("RGB", (8660, 5773), (90, 120, 80)), "JPEG", quality=40)
    video = b"\0\0\0\x18ftypmp42" + b"\xff\xda\0\x08\1\2" * 700_000
    prepared = decoder.decode(photograph + video)
    assert prepared.downsampled_to == (4096, 2731)
    assert prepared.damage == ()


@pytest.mark.parametrize("name", ["PNG", "WEBP", "AVIF", "HEIC", "TIFF", "BMP", "GIF"])
@pytest.mark.parametrize(
    "behind",
    [b"\0\0\0\x18ftypmp42" + bytes(range(256)) * 40, b"EXIF\x1a\0\0\0MM\0*" + b"\xff" * 99, b"\n"],
    ids=["video", "exif", "newline"],
)
def test_what_follows_a_picture_of_any_format_changes_nothing(
    all_formats_decoder: Decoder, name: str, behind: bytes
) -> None:
    alone = case("heic-turned-6.heic") if name == "HEIC" else encoded(photo(), name)
    with_more = all_formats_decoder.decode(alone + behind)
    np.testing.assert_array_equal(with_more.tensor, all_formats_decoder.decode(alone).tensor)
    assert with_more.damage == ()


def test_of_a_jpeg_of_several_pictures_the_first_counts(decoder: Decoder) -> None:
    first = encoded(photo(), "JPEG")
    second = encoded(Image.new("RGB", (640, 480), "red"), "JPEG")
    assert_shows(decoder, first + second, opened(first))


def test_the_still_picture_of_a_broken_animated_png_counts(decoder: Decoder) -> None:
    prepared = decoder.decode(case("24-apng-chunk_no_fdat.png"))
    assert (prepared.width, prepared.height, prepared.warnings) == (128, 64, ())
    green = Image.new("RGB", (128, 64), (0, 255, 0))
    assert np.abs(prepared.tensor - expected(green)).max() < 0.02


def test_a_wrong_checksum_in_a_text_does_not_touch_the_picture(decoder: Decoder) -> None:
    whole = encoded(photo(), "PNG")
    for kind in (b"tEXt", b"iTXt", b"eXIf", b"gAMA", b"pHYs", b"tIME"):
        chunk = png_chunk(kind, b"Comment\0nothing")[:-1] + b"?"
        assert_shows(decoder, whole[:33] + chunk + whole[33:], photo())


# samples


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_few_bits_in_a_png_of_sixteen_are_told(decoder: Decoder, bits: int) -> None:
    samples = np.linspace(0, 2**bits - 1, 64 * 48).reshape(48, 64).astype(np.uint16)
    data = encoded(Image.fromarray(samples), "PNG")
    assert decoder.decode(data).damage == ("low_range",)


def test_a_png_that_uses_its_sixteen_bits_or_has_but_eight_is_not_warned_of(
    decoder: Decoder,
) -> None:
    deep = np.linspace(0, 40_000, 64 * 48).reshape(48, 64).astype(np.uint16)
    assert decoder.decode(encoded(Image.fromarray(deep), "PNG")).damage == ()
    assert decoder.decode(encoded(Image.new("L", (64, 48), 9), "PNG")).damage == ()


# HEIC


def test_heic_of_a_phone_is_the_same_photograph(decoder: Decoder) -> None:
    prepared = decoder.decode(case("13-iphone.heic"))
    assert (prepared.width, prepared.height, prepared.damage) == (600, 400, ())
    reference = decoder.decode(case("01-no-eoi.jpg") + EOI)
    assert np.abs(prepared.tensor - reference.tensor).mean() < 0.1


@pytest.mark.parametrize("orientation", range(1, 9))
def test_heic_is_turned_once(decoder: Decoder, orientation: int) -> None:
    upright = ImageOps.exif_transpose(opened(with_orientation(photo(), "PNG", orientation)))
    assert_shows(decoder, case(f"heic-turned-{orientation}.heic"), upright, levels=5)


def test_heic_with_alpha_is_composed_on_white(decoder: Decoder) -> None:
    assert_shows(decoder, case("heic-alpha.heic"), on_white(ramp_of_alpha(photo())), levels=6)


def test_heic_of_ten_bits_becomes_eight(decoder: Decoder) -> None:
    assert_shows(decoder, case("heic-ten-bits.heic"), photo(), levels=8)


def test_heic_cut_short_cannot_be_read(decoder: Decoder) -> None:
    data = case("13-iphone.heic")
    with pytest.raises(ImageUndecodable):
        decoder.decode(data[: len(data) // 2])
