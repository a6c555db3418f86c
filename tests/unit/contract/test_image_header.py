"""The header reader: right on good files, a coded error on everything else, and quick about it."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.errors import ImageCorrupt, ImageTooLarge, UnsupportedMediaType
from contract.image_header import ImageHeader, NeedMoreBytes, check_limits, read_header
from tests.pictures import EXTRA, FORMATS, encoded, photo

CASES = Path(__file__).parents[2] / "cases" / "images"
SAMPLES = {name: encoded(photo(123, 45), name) for name in FORMATS}


@pytest.mark.parametrize("name", FORMATS)
def test_reads_type_and_size_of_every_format(name: str) -> None:
    header = read_header(SAMPLES[name], EXTRA)
    assert header == ImageHeader(f"image/{name.lower()}", 123, 45)


@pytest.mark.parametrize("name", ["TIFF", "BMP", "GIF"])
def test_refuses_extra_formats_unless_they_are_named(name: str) -> None:
    with pytest.raises(UnsupportedMediaType, match=name):
        read_header(SAMPLES[name])
    assert read_header(SAMPLES[name], [name.lower()]).width == 123


def test_reads_lossy_lossless_and_extended_webp() -> None:
    for options in ({"lossless": True}, {"lossless": False}, {"exif": b"Exif\0\0MM\0*"}):
        assert read_header(encoded(photo(300, 7), "WEBP", **options)).width == 300


def test_a_progressive_jpeg_says_its_size_too() -> None:
    assert read_header(encoded(photo(50, 20), "JPEG", progressive=True)).height == 20


def test_asks_for_more_when_the_metadata_is_longer_than_the_head() -> None:
    data = encoded(photo(40, 30), "JPEG", icc_profile=b"\0" * 300_000)
    with pytest.raises(NeedMoreBytes) as wanting:
        read_header(data[:65_536])
    assert wanting.value.at_least > 65_536
    assert read_header(data).width == 40


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP"])
def test_every_truncation_is_corrupt_or_unknown_and_never_something_else(name: str) -> None:
    for length in range(len(SAMPLES[name])):
        with contextlib.suppress(ImageCorrupt, UnsupportedMediaType):
            assert read_header(SAMPLES[name][:length]).width == 123


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"\n<?xml version='1.0'?>", "SVG"),
        (b"\0\0\0\x1cftypheis\0\0\0\0mif1heicmiaf", "HEIC .*heis"),
        (b"\0\0\0\x1cftypheim\0\0\0\0mif1heicmiaf", "HEIC .*heim"),
        (b"\0\0\0\x18ftyphevc\0\0\0\0msf1hevc", "HEIC .*hevc"),
        (b"\0\0\0\x18ftyphevx\0\0\0\0msf1hevx", "HEIC .*hevx"),
        (b"\0\0\0\x18ftypmsf1\0\0\0\0heicmsf1", "HEIC .*msf1"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1jpeg", "HEIF"),
        (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", "CR3"),
        (b"\0\0\0\x18ftypisom\0\0\2\0isomavc1", "Videos"),
        (b"\xff\x0a\x4c\x10\x09\x08", "JPEG XL"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"\xff\x4f\xff\x51\0\x2f", "JPEG 2000"),
        (b"FUJIFILMCCD-RAW 0201FF129502", "RAF"),
        (b"%PDF-1.7", "PDF"),
        (b"PK\x03\x04", "Zip"),
        (b"just text", "Such files"),
        (b"BM is how this letter begins", "Such files"),
    ],
)
def test_says_what_it_refuses(data: bytes, named: str) -> None:
    with pytest.raises(UnsupportedMediaType, match=named):
        read_header(data, EXTRA)


@pytest.mark.parametrize(
    ("name", "named"), [("10-12bit.jpg", "12 bits a channel"), ("10-lossless.jpg", "lossless")]
)
def test_a_jpeg_of_a_kind_that_nothing_shows_is_refused_from_its_header(
    name: str, named: str
) -> None:
    head = (CASES / name).read_bytes()[:8192]
    with pytest.raises(UnsupportedMediaType, match=f"JPEGs of .*{named}.*; send JPEG, PNG"):
        read_header(head)


def test_heic_is_read_as_phones_write_it() -> None:
    head = (CASES / "13-iphone.heic").read_bytes()[:1024]
    assert read_header(head) == ImageHeader("image/heic", 600, 400)
    other = head.replace(b"ftypheic", b"ftypmif1", 1)  # the codec is among the compatible brands
    assert read_header(other) == ImageHeader("image/heic", 600, 400)


def test_pixels_in_front_of_the_boxes_of_a_heic_are_stepped_over() -> None:
    data = (CASES / "13-iphone.heic").read_bytes()
    for box in (b"\0\0\0\x0dmdat12345", b"\0\0\0\x01mdat" + (21).to_bytes(8, "big") + b"12345"):
        assert read_header(data[:28] + box + data[28:]).width == 600
    promised = b"\0\0\0\x01mdat" + (2**40).to_bytes(8, "big")
    with pytest.raises(NeedMoreBytes):
        read_header(data[:28] + promised + data[28:])


def test_an_empty_file_is_corrupt() -> None:
    with pytest.raises(ImageCorrupt, match="empty"):
        read_header(b"")


def test_a_png_header_with_a_wrong_checksum_is_corrupt() -> None:
    data = bytearray(SAMPLES["PNG"])
    data[19] ^= 1  # the width
    with pytest.raises(ImageCorrupt, match="checksum"):
        read_header(bytes(data))


def test_a_jpeg_without_a_height_is_corrupt() -> None:
    frame = b"\xff\xc0\x00\x11\x08\x00\x00\x00\x10\x03"
    with pytest.raises(ImageCorrupt):
        read_header(b"\xff\xd8" + frame)


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8" + b"\xff\xe0\x00\x02" * 2_000_000,
        b"\xff\xd8" + b"\xff" * 8_000_000,
        b"\xff\xd8\xff" + b"\x00\xff" * 4_000_000,
        b"\0\0\0\x10ftypavif\0\0\0\0" + b"\0\0\0\x08free" * 1_000_000,
    ],
)
def test_megabytes_of_nonsense_are_not_read_byte_by_byte(data: bytes) -> None:
    steps = [0]

    def count(*_: object) -> object:
        steps[0] += 1
        return count

    sys.settrace(count)  # type: ignore[arg-type]
    try:
        with pytest.raises(ImageCorrupt):
            read_header(data, EXTRA)
    finally:
        sys.settrace(None)
    assert steps[0] < len(data) / 10, "lines of Python"


def test_limits_count_pixels() -> None:
    check_limits(ImageHeader("image/png", 1000, 1000), 1_000_000)
    with pytest.raises(ImageTooLarge, match="1001 x 1000"):
        check_limits(ImageHeader("image/png", 1001, 1000), 1_000_000)


SAMPLES["HEIC"] = (CASES / "heic-turned-6.heic").read_bytes()
MAGICS = [data[:length] for data in SAMPLES.values() for length in (4, 12, 16, 40, 200)]


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(MAGICS), st.binary(max_size=300))
def test_whatever_follows_a_magic_only_coded_errors_escape(magic: bytes, rest: bytes) -> None:
    try:
        header = read_header(magic + rest, EXTRA)
    except (ImageCorrupt, UnsupportedMediaType):
        return
    assert header.width > 0
    assert header.height > 0


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(list(SAMPLES.values())), st.data())
def test_flipped_bytes_only_give_coded_errors(sample: bytes, data: st.DataObject) -> None:
    broken = bytearray(sample)
    for _ in range(data.draw(st.integers(1, 5))):
        broken[data.draw(st.integers(0, min(len(sample), 400) - 1))] = data.draw(
            st.integers(0, 255)
        )
    with contextlib.suppress(ImageCorrupt, UnsupportedMediaType):
        read_header(bytes(broken), EXTRA)
