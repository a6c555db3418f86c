"""The table: name, bytes, and the codes that may come out (`ok` for a depth map).

`python -m tests.hostile.corpus FOLDER` writes the files, to try them on anything.
"""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from tests.hostile import builders
from tests.pictures import FORMATS, encoded, photo, with_orientation

CASES = Path(__file__).parents[1] / "cases" / "images"
OK, UNSUPPORTED, CORRUPT = "ok", "unsupported_media_type", "image_corrupt"
TOO_LARGE, UNDECODABLE = "image_too_large", "image_undecodable"
BROKEN = frozenset({CORRUPT, UNDECODABLE})
DEFAULT = frozenset({"JPEG", "PNG", "WEBP", "AVIF", "HEIC"})
DAMAGED = frozenset({OK, CORRUPT, UNDECODABLE, UNSUPPORTED})  # codecs mend some damage


@dataclass(frozen=True)
class Hostile:
    """One file. `extra`: its outcome where the extra formats are accepted, if another."""

    name: str
    make: Callable[[], bytes]
    outcomes: frozenset[str]
    extra: frozenset[str] | None = None


def _one(name: str, outcome: str, make: Callable[[], bytes], extra: str | None = None) -> Hostile:
    return Hostile(name, make, frozenset({outcome}), frozenset({extra}) if extra else None)


def _zip() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("payload.txt", "hello")
    return file.getvalue()


def _gif(frames: int) -> bytes:
    pictures = [Image.new("P", (64, 48), index % 200) for index in range(frames)]
    return encoded(pictures[0], "GIF", save_all=True, append_images=pictures[1:])


def _deep_png() -> bytes:
    return encoded(Image.fromarray(np.arange(3072, dtype=np.uint16).reshape(48, 64)), "PNG")


def _case(name: str) -> bytes:
    return (CASES / name).read_bytes()


def _heic() -> bytes:
    return _case("heic-turned-6.heic")


def _of_brand(brand: bytes) -> bytes:
    return _heic().replace(b"ftypheix", b"ftyp" + brand, 1)


def _avif() -> bytes:
    return encoded(photo(), "AVIF")


def _without_box(data: bytes, kind: bytes) -> bytes:
    return data.replace(kind, b"free", 1)


def _jpeg(**options: object) -> bytes:
    return encoded(photo(320, 240), "JPEG", **options)


def _many_scans() -> bytes:
    flat = encoded(Image.new("RGB", (3000, 3000)), "JPEG", progressive=True)
    return builders.jpeg_with_scans(flat, 2000)


def _floats(value: float) -> bytes:
    return np.full(64 * 48, value, "<f4").tobytes()


NAMED = (
    # nothing, and things that are no pictures
    _one("empty", CORRUPT, lambda: b""),
    _one("one-byte", UNSUPPORTED, lambda: b"\xff"),
    _one("text.jpg", UNSUPPORTED, lambda: b"This is no picture.\n" * 50),
    _one("drawing.svg", UNSUPPORTED, lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
    _one("brand-heis.heic", UNSUPPORTED, lambda: _of_brand(b"heis")),
    _one("brand-msf1.heic", UNSUPPORTED, lambda: _of_brand(b"msf1")),
    _one("photo.jxl", UNSUPPORTED, lambda: b"\xff\x0a" + bytes(100)),
    _one("twelve-bits.jpg", UNSUPPORTED, lambda: _case("10-12bit.jpg")),
    _one("lossless.jpg", UNSUPPORTED, lambda: _case("10-lossless.jpg")),
    _one("archive.zip", UNSUPPORTED, _zip),
    _one("jpeg-2000", UNSUPPORTED, lambda: b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(100)),
    _one("radiance.hdr", UNSUPPORTED, lambda: b"#?RADIANCE\n" + bytes(100)),
    _one("openexr", UNSUPPORTED, lambda: b"\x76\x2f\x31\x01" + bytes(100)),
    _one("portable.ppm", UNSUPPORTED, lambda: b"P6\n9999 9999\n255\n"),
    # bombs
    _one("bomb-20000.png", TOO_LARGE, lambda: builders.png_bomb(20_000, 20_000, 1, 0)),
    _one("bomb-60000-claimed.png", TOO_LARGE, lambda: builders.png_claiming(60_000, 60_000)),
    _one("bomb-2147483647.png", TOO_LARGE, lambda: builders.png_claiming(2**31 - 1, 2**31 - 1)),
    _one("over-2-31.png", CORRUPT, lambda: builders.png_claiming(2**32 - 1, 1)),
    _one("bomb-5000.png", OK, lambda: builders.png_bomb(5000, 5000)),
    _one("bomb-claimed.webp", TOO_LARGE,
         lambda: builders.webp_claiming(encoded(photo(), "WEBP"), 16_384, 16_384)),
    _one("bomb-claimed.jpg", TOO_LARGE, lambda: builders.jpeg_claiming(_jpeg(), 65_500, 65_500)),
    _one("scans-2000.jpg", UNDECODABLE, _many_scans),
    _one("bomb.tiff", UNSUPPORTED, lambda: builders.tiff(50_000, 50_000, b"\0" * 64, 8), TOO_LARGE),
    _one("frames-1000.gif", UNSUPPORTED, lambda: _gif(1000), OK),
    _one("bomb-claimed.heic", TOO_LARGE,
         lambda: builders.heif_claiming(_heic(), 60_000, 60_000)),
    _one("bomb-claimed.avif", TOO_LARGE,
         lambda: builders.heif_claiming(_avif(), 60_000, 60_000)),
    Hostile("grid-62500.heic", lambda: builders.heic_grid(250, 250, 10_000, 10_000), BROKEN),
    Hostile("chunks-1200000.png",
            lambda: builders.png_of_many_chunks(encoded(photo(), "PNG"), 1_200_000),
            frozenset({UNDECODABLE})),
    # headers that lie
    Hostile("small-claims-large.png", lambda: builders.png_claiming(3000, 3000), BROKEN),
    Hostile("small-claims-large.jpg", lambda: builders.jpeg_claiming(_jpeg(), 3000, 2000), DAMAGED),
    Hostile("canvas-lies.webp",
            lambda: builders.webp_claiming(encoded(photo(), "WEBP"), 999, 999), BROKEN),
    Hostile("small-claims-large.heic", lambda: builders.heif_claiming(_heic(), 4000, 3000), BROKEN),
    Hostile("large-claims-small.heic",
            lambda: builders.heif_claiming(_case("13-iphone.heic"), 6, 4), BROKEN),
    Hostile("large-claims-small.avif",
            lambda: builders.heif_claiming(_case("25-avif-alpha.avif"), 6, 4), BROKEN | {OK}),
    Hostile("no-items.heic", lambda: _without_box(_heic(), b"iinf"), BROKEN),
    Hostile("no-places.heic", lambda: _without_box(_heic(), b"iloc"), BROKEN),
    Hostile("no-primary.heic", lambda: _without_box(_heic(), b"pitm"), BROKEN | {OK}),
    Hostile("no-decoder.heic", lambda: _without_box(_heic(), b"hvcC"), BROKEN),
    _one("no-sizes.heic", CORRUPT, lambda: _without_box(_heic(), b"ispe")),
    Hostile("item-type-is-no-text.heic",
            lambda: _heic().replace(b"Exif\0", b"\xff\xff\xff\xff\0", 1), frozenset({OK}) | BROKEN),
    Hostile("other-codec.heic", lambda: _heic().replace(b"hvc1", b"av01"), BROKEN),
    Hostile("avif-says-heic.heic",
            lambda: _avif().replace(b"avif", b"heic", 2), BROKEN | {OK}),
    _one("zero-height.jpg", CORRUPT, lambda: builders.jpeg_claiming(_jpeg(), 100, 0)),
    _one("zero-width.png", CORRUPT, lambda: builders.png_claiming(0, 5)),
    # one format under the name or the first bytes of another
    _one("png-named.jpg", OK, lambda: encoded(photo(), "PNG")),
    _one("jpeg-then-zip.jpg", OK, lambda: _jpeg() + _zip()),
    _one("motion-photo.jpg", OK, lambda: _jpeg() + b"\0\0\0\x18ftypmp42" + b"\xff\xda" * 2000),
    _one("two-pictures.jpg", OK, lambda: _jpeg() + _jpeg()),
    _one("png-then-html.png", OK, lambda: encoded(photo(), "PNG") + b"<script>alert(1)</script>"),
    _one("zip-then-jpeg", UNSUPPORTED, lambda: _zip() + _jpeg()),
    Hostile("jpeg-magic-then-text", lambda: b"\xff\xd8\xff" + b"text" * 300, BROKEN),
    Hostile("webp-magic-then-text", lambda: b"RIFF\0\0\0\0WEBP" + b"text" * 300, BROKEN),
    # metadata
    _one("broken-animation.png", OK, lambda: _case("24-apng-chunk_no_fdat.png")),
    Hostile("cut-claims-4-gb.webp",
            lambda: b"RIFF\xfe\xff\xff\xff" + encoded(photo(), "WEBP")[8:-40], BROKEN),
    _one("exif-60-kb.jpg", OK, lambda: _jpeg(exif=b"Exif\0\0" + b"\0" * 60_000)),
    _one("icc-4-mb.jpg", OK, lambda: _jpeg(icc_profile=b"\0" * 4_000_000)),
    Hostile("exif-nonsense.jpg", lambda: _jpeg(exif=b"Exif\0\0II*\0" + b"\xff" * 500),
            frozenset({OK})),
    _one("orientation-99.jpg", OK, lambda: with_orientation(photo(), "JPEG", 99)),
    Hostile("a-million-segments.jpg", lambda: b"\xff\xd8" + b"\xff\xe1\x00\x02" * 1_000_000,
            frozenset({CORRUPT})),
    Hostile("exif-points-outside.webp",
            lambda: with_orientation(photo(), "WEBP", 6).replace(b"*\0\x08\0", b"*\0\xff\xff"),
            frozenset({OK})),
    # odd but honest
    _one("1x1.png", OK, lambda: encoded(photo(1, 1), "PNG")),
    _one("1x30000.png", OK, lambda: encoded(photo(1, 30_000), "PNG")),
    _one("30000x1.jpg", OK, lambda: encoded(photo(30_000, 1), "JPEG")),
    _one("cmyk.jpg", OK, lambda: encoded(photo(mode="CMYK"), "JPEG")),
    _one("progressive.jpg", OK, lambda: _jpeg(progressive=True)),
    _one("palette.png", OK, lambda: encoded(photo(mode="P"), "PNG")),
    _one("palette-transparent.png", OK, lambda: encoded(photo(mode="P"), "PNG", transparency=3)),
    _one("photo.heic", OK, lambda: _case("13-iphone.heic")),
    _one("alpha.heic", OK, lambda: _case("heic-alpha.heic")),
    _one("ten-bits.heic", OK, lambda: _case("heic-ten-bits.heic")),
    _one("alpha.avif", OK, lambda: _case("25-avif-alpha.avif")),
    _one("turned.avif", OK, lambda: _case("25-avif-rot1mir0.avif")),
    _one("no-end.jpg", OK, lambda: _case("01-no-eoi.jpg")),
    _one("half.jpg", OK, lambda: _case("02-truncated-half.jpg")),
    _one("half.webp", OK, lambda: _case("02g-truncated.webp")),
    _one("no-end.png", OK, lambda: encoded(photo(), "PNG")[:-12]),
    _one("grey-alpha.png", OK, lambda: encoded(photo(mode="LA"), "PNG")),
    _one("sixteen-bit.png", OK, _deep_png),
    _one("interlaced-trailing.png", OK, lambda: encoded(photo(), "PNG") + b"\0" * 1000),
    _one("sixteen-bit.tiff", UNSUPPORTED,
         lambda: builders.tiff(64, 48, bytes(range(256)) * 24, 16), OK),
    Hostile("float.tiff", lambda: builders.tiff(64, 48, _floats(0.5), 32, 3),
            frozenset({UNSUPPORTED}), frozenset({OK, UNDECODABLE})),
    Hostile("nan.tiff", lambda: builders.tiff(64, 48, _floats(float("nan")), 32, 3),
            frozenset({UNSUPPORTED}), frozenset({OK, UNDECODABLE})),
)  # fmt: skip


def _noisy() -> Image.Image:
    noise = np.random.default_rng(5).integers(0, 40, (120, 160, 3))
    return Image.fromarray((np.asarray(photo(160, 120)) // 2 + noise).astype(np.uint8))


def _damaged() -> list[Hostile]:
    found = []
    for name in (*FORMATS, "HEIC"):
        whole = _heic() if name == "HEIC" else encoded(_noisy(), name)
        versions = {f"cut-{part}": whole[: len(whole) * part // 100] for part in (1, 20, 50, 90)}
        versions |= {"cut-last-2": whole[:-2], "zeros": whole[:200] + bytes(len(whole) - 200)}
        versions |= {f"flip-{seed}": builders.flipped(whole, seed, 4) for seed in range(6)}
        versions |= {f"flip-body-{seed}": builders.flipped(whole, seed, 40, 60) for seed in (7, 8)}
        any_format = DAMAGED | {TOO_LARGE}  # a flipped bit may well make a size huge
        default = any_format if name in DEFAULT else frozenset({UNSUPPORTED, CORRUPT})
        for version, data in versions.items():
            file = f"{version}.{name.lower()}"
            found.append(Hostile(file, lambda data=data: data, default, any_format))
    return found


CORPUS = (*NAMED, *_damaged())


def main() -> None:
    """Write the corpus to the folder named on the command line."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for hostile in CORPUS:
        (folder / hostile.name).write_bytes(hostile.make())


if __name__ == "__main__":
    main()
