"""Videos and zips of images that no honest program writes: builders, and the table of them.

`python -m tests.hostile.films FOLDER` writes the files, to try them on anything.
"""

from __future__ import annotations

import io
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from tests.films import drifting, film
from tests.hostile.builders import png_bomb

OK, UNSUPPORTED = "ok", "unsupported_media_type"
TOO_LARGE, UNDECODABLE = "video_too_large", "video_undecodable"
NOTHING = frozenset({UNSUPPORTED, UNDECODABLE})
COUNT = 24
FRAMES = drifting(COUNT, 64, 48)


@dataclass(frozen=True)
class HostileFilm:
    """One file; `outcomes` are the codes it may end in. `frames`: from and to how many, if `ok`."""

    name: str
    make: Callable[[], bytes]
    outcomes: frozenset[str]
    frames: tuple[int, int] = (COUNT, COUNT)


# What `make test` decodes of the corpus, of each kind of fault at least two; the others begin two
# processes each too.
IN_MAKE_TEST = frozenset({
    "empty", "box-of-no-end.mp4", "duration.mp4", "says-65535.mp4", "sizes-4-billion.mp4",
    "becomes-larger.webm", "3840x2160.mp4", "tracks-3000.mp4", "frames-20000.gif",
    "inflates-to-100-mb.mkv", "png-20000.zip", "edits-100000.mp4", "before-zero.mkv",
    "no-moov.mp4", "hole.mkv", "first-broken.zip",
})  # fmt: skip


def _one(
    name: str,
    outcomes: str | frozenset[str],
    make: Callable[[], bytes],
    frames: tuple[int, int] = (COUNT, COUNT),
) -> HostileFilm:
    known = outcomes if isinstance(outcomes, frozenset) else frozenset({outcomes})
    return HostileFilm(name, make, known, frames)


def mp4(form_options: Mapping[str, str] | None = None) -> bytes:
    """Return a film whose frames need later ones, so that it has an edit list."""
    return film(FRAMES, options={"g": "8", "bf": "2"}, form_options=form_options)


def mkv() -> bytes:
    """Return the same as Matroska."""
    return film(FRAMES, form="matroska", options={"g": "8", "bf": "2"})


def avi(**options: str) -> bytes:
    """Return the same as AVI."""
    return film(FRAMES, form="avi", codec="mpeg4", options=options)


def gif(frames: Sequence[np.ndarray] = FRAMES) -> bytes:
    """Return the same as GIF."""
    return film(frames, form="gif", codec="gif", pix_fmt="rgb8")


def put(data: bytes, box: bytes, offset: int, value: bytes) -> bytes:
    """Return `data` with `value` so many bytes behind the name of the last `box`."""
    at = data.rindex(box) + len(box) + offset
    return data[:at] + value + data[at + len(value) :]


def edited(data: bytes, entries: Sequence[tuple[int, int]]) -> bytes:
    """Return the MP4 with another edit list: durations (ms) and times in the media (1/12800 s).

    The list is moved behind the end of `moov`, which is last, by making the boxes around it larger.
    """
    body = struct.pack(">II", 0, len(entries))
    body += b"".join(struct.pack(">IiI", length, time, 1 << 16) for length, time in entries)
    old = data.index(b"edts") - 4
    size = struct.unpack(">I", data[old : old + 4])[0]
    elst = struct.pack(">I", 8 + len(body)) + b"elst" + body
    edts = struct.pack(">I", 8 + len(elst)) + b"edts" + elst
    made = bytearray(data[:old] + edts + data[old + size :])
    for around in (b"moov", b"trak"):
        at = made.index(around) - 4
        length = struct.unpack(">I", made[at : at + 4])[0] + len(edts) - size
        made[at : at + 4] = struct.pack(">I", length)
    return bytes(made)


def tracks(data: bytes, count: int) -> bytes:
    """Return the MP4 with its track so many times."""
    at = data.index(b"trak") - 4
    size = struct.unpack(">I", data[at : at + 4])[0]
    made = bytearray(data[: at + size] + data[at : at + size] * (count - 1) + data[at + size :])
    moov = made.index(b"moov") - 4
    made[moov : moov + 4] = struct.pack(
        ">I", struct.unpack(">I", made[moov : moov + 4])[0] + size * (count - 1)
    )
    return bytes(made)


def nested(depth: int) -> bytes:
    """Return an MP4 of boxes within boxes."""
    made = b""
    for _ in range(depth):
        made = struct.pack(">I", 8 + len(made)) + b"moov" + made
    return struct.pack(">I4s4sI", 16, b"ftyp", b"isom", 0) + made


def growing(*sizes: tuple[int, int], each: int = 8) -> bytes:
    """Return a VP8 film of some frames of each size, one after the other in one stream."""
    packets = [packet for size in sizes for packet in _vp8(size, each)]
    file = io.BytesIO()
    with av.open(file, "w", format="webm") as out:
        stream = out.add_stream("libvpx", rate=25)
        stream.width, stream.height, stream.pix_fmt = *sizes[0], "yuv420p"
        out.start_encoding()
        for at, packet in enumerate(packets):
            packet.stream = stream
            packet.pts = packet.dts = 40 * at
            packet.time_base = Fraction(1, 1000)
            out.mux(packet)
    return file.getvalue()


def shrunk(frame: np.ndarray, width: int, height: int) -> np.ndarray:
    """Return `frame` at another size."""
    return cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA)


def _vp8(size: tuple[int, int], count: int) -> Sequence[av.Packet]:
    quick = {"deadline": "realtime", "cpu-used": "8"}
    data = film(drifting(count, *size), form="webm", codec="libvpx", options=quick)
    with av.open(io.BytesIO(data)) as container:
        return [packet for packet in container.demux(video=0) if packet.size]


def element(name: str, *content: bytes) -> bytes:
    """Return an EBML element, as Matroska consists of; `name` is its id in hex."""
    inside = b"".join(content)
    return bytes.fromhex(name) + (0x01 << 56 | len(inside)).to_bytes(8, "big") + inside


_EBML = element("1a45dfa3", element("4282", b"matroska"), element("4287", b"\x04"))


def _track(number: int, *more: bytes, side: int = 64) -> bytes:
    size = element("b0", side.to_bytes(4, "big")) + element("ba", side.to_bytes(4, "big"))
    known = element("d7", number.to_bytes(4, "big")), element("73c5", number.to_bytes(4, "big"))
    return element(
        "ae", *known, element("83", b"\1"), element("86", b"V_MJPEG"), element("e0", size), *more
    )


def matroska(tracks: bytes, *blocks: bytes) -> bytes:
    """Return a Matroska file of `tracks` and the frames of its first one."""
    simple = (
        element("a3", b"\x81" + struct.pack(">hB", 40 * at, 0x80) + block)
        for at, block in enumerate(blocks)
    )
    cluster = element("1f43b675", element("e7", b"\0"), *simple)
    return _EBML + element("18538067", element("1654ae6b", tracks), cluster)


def inflating(size: int) -> bytes:
    """Return a Matroska file whose frames are said to inflate, and do, to `size` zeros each."""
    packed = element("6240", element("5034", element("4254", b"\0")))  # by zlib
    bomb = zlib.compress(bytes(size), 9)
    return matroska(_track(1, element("6d80", packed)), *[bomb] * 4)


def gif_of(width: int, height: int, frames: int) -> bytes:
    """Return a GIF whose frames are one pixel each on a large screen."""
    screen = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    one = b"\x21\xf9\x04\x04\x04\0\0\0" + b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0)
    return screen + (one + b"\x02\x02\x44\x01\0") * frames + b"\x3b"


def zipped(images: Mapping[str, bytes], *, packed: bool = False) -> bytes:
    """Return a zip of `images`."""
    file = io.BytesIO()
    kind = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    with zipfile.ZipFile(file, "w", kind) as made:
        for name, data in images.items():
            made.writestr(name, data)
    return file.getvalue()


def _png(frame: np.ndarray) -> bytes:
    return bytes(cv2.imencode(".png", frame)[1])


def _numbered(*images: bytes) -> dict[str, bytes]:
    return {f"{number:06d}.png": data for number, data in enumerate(images)}


def _cut(data: bytes, share: float) -> bytes:
    return data[: int(len(data) * share)]


_FIRST = {"moov_size": "8000"}  # the index before the frames
_FRAGMENTED = {"movflags": "frag_keyframe+empty_moov"}
_MOST = b"\xff\xff\xff\xf0"
_LARGE = np.zeros((2_160, 3_840, 3), np.uint8)  # the tests accept 2 MP
PART = (1, COUNT)

CORPUS = (
    # no film at all
    _one("empty", NOTHING, lambda: b""),
    _one("boxes-10000-deep.mp4", NOTHING, lambda: nested(10_000)),
    _one("box-of-no-end.mp4", NOTHING, lambda: struct.pack(">I4sQ", 1, b"ftyp", 2**63)),
    _one("sound-alone.mp4", NOTHING, lambda: put(mp4(), b"vide", 0, b"").replace(b"vide", b"soun")),
    # headers that lie
    _one("duration.mp4", OK, lambda: put(put(mp4(), b"mvhd", 16, _MOST), b"mdhd", 16, _MOST)),
    _one("duration-zero.mp4", OK,
         lambda: put(put(mp4(), b"mvhd", 16, bytes(4)), b"mdhd", 16, bytes(4))),
    _one("no-time-scale.mp4", NOTHING | {OK}, lambda: put(mp4(), b"mdhd", 12, bytes(4)), PART),
    _one("samples-4-billion.mp4", NOTHING | {OK}, lambda: put(mp4(), b"stts", 8, _MOST), PART),
    _one("sizes-4-billion.mp4", NOTHING | {OK}, lambda: put(mp4(), b"stsz", 8, _MOST), PART),
    _one("chunk-beyond.mp4", NOTHING, lambda: put(mp4(), b"stco", 8, _MOST)),
    _one("no-width.mp4", NOTHING | {OK}, lambda: put(mp4(), b"avc1", 24, bytes(4)), PART),
    _one("says-65535.mp4", frozenset({OK, TOO_LARGE}),
         lambda: put(mp4(), b"avc1", 24, b"\xff" * 4), PART),
    _one("no-rate.avi", NOTHING | {OK}, lambda: put(avi(), b"avih", 4, bytes(4)), PART),
    _one("rate-of-zero.avi", NOTHING | {OK}, lambda: put(avi(), b"strh", 24, bytes(8)), PART),
    _one("says-4-billion-frames.avi", OK, lambda: put(avi(), b"avih", 20, _MOST)),
    _one("index-beyond.avi", NOTHING | {OK},
         lambda: put(avi(), b"idx1", 4, b"00dc" + b"\x10\0\0\0" + _MOST * 2), PART),
    # sizes
    _one("3840x2160.mp4", TOO_LARGE, lambda: film([_LARGE], options={"preset": "ultrafast"})),
    _one("no-size.mkv", NOTHING, lambda: matroska(_track(1, side=0), b"\xff\xd8")),
    _one("says-2-billion.mkv", frozenset({TOO_LARGE, *NOTHING}),
         lambda: matroska(_track(1, side=2**31 - 1), b"\xff\xd8")),
    _one("becomes-larger.webm", OK, lambda: growing((64, 48), (160, 120)), (16, 16)),
    _one("becomes-smaller-and-upright.webm", OK, lambda: growing((96, 64), (48, 80)), (16, 16)),
    _one("becomes-too-large.webm", OK,  # what is too large is left out, as what is broken
         lambda: growing((64, 48), (1_920, 1_088), each=1), (1, 1)),
    # too many
    _one("tracks-3000.mp4", NOTHING | {OK, TOO_LARGE}, lambda: tracks(mp4(), 3_000), PART),
    _one("tracks-100000.mkv", NOTHING,
         lambda: matroska(b"".join(_track(n) for n in range(1, 100_001)), b"\xff\xd8")),
    _one("frames-20000.gif", TOO_LARGE, lambda: gif_of(1, 1, 20_000)),
    # bombs
    _one("screen-65535.gif", frozenset({TOO_LARGE, *NOTHING}), lambda: gif_of(65_535, 65_535, 3)),
    _one("screen-1400.gif", OK, lambda: gif_of(1_400, 1_400, COUNT)),
    _one("inflates-to-100-mb.mkv", NOTHING, lambda: inflating(100_000_000)),
    _one("png-20000.zip", NOTHING, lambda: zipped(_numbered(png_bomb(20_000, 20_000, 1, 0)))),
    _one("inflates.zip", NOTHING, lambda: zipped(_numbered(bytes(80_000_000)), packed=True)),
    # times
    _one("edits-100000.mp4", TOO_LARGE, lambda: edited(mp4(), [(1, 1_024)] * 100_000)),
    _one("edit-beyond.mp4", NOTHING | {OK}, lambda: edited(mp4(), [(900, 2**31 - 1)]), PART),
    _one("edit-of-nothing.mp4", OK, lambda: edited(mp4(), [(2**31, -1), (960, 1_024)])),
    _one("before-zero.mkv", OK,
         lambda: film(FRAMES, form="matroska", times=range(-12, 12), form_options={
             "avoid_negative_ts": "disabled"}), PART),
    # broken tails
    _one("no-moov.mp4", NOTHING, lambda: _cut(mp4(), 0.5)),
    _one("cut.mp4", OK, lambda: _cut(mp4(_FIRST), 0.9), PART),
    _one("fragments-cut.mp4", OK, lambda: _cut(mp4(_FRAGMENTED), 0.7), PART),
    _one("moov-alone.mp4", NOTHING,
         lambda: mp4(_FRAGMENTED)[: mp4(_FRAGMENTED).index(b"moof") - 4]),
    _one("cut.mkv", OK, lambda: _cut(mkv(), 0.7), PART),
    _one("cut.avi", OK, lambda: _cut(avi(), 0.85), PART),
    _one("cut.gif", OK, lambda: _cut(gif(), 0.6), PART),
    _one("cut.zip", NOTHING, lambda: _cut(zipped(_numbered(*map(_png, FRAMES))), 0.9)),
    _one("hole.mkv", OK, lambda: _with_hole(mkv()), PART),
    _one("hole.mp4", OK, lambda: _with_hole(mp4(_FIRST)), PART),
    _one("first-broken.zip", NOTHING, lambda: zipped(_numbered(b"no", _png(FRAMES[0])))),
)  # fmt: skip


def _with_hole(data: bytes) -> bytes:
    at = len(data) * 2 // 3
    return data[:at] + bytes(200) + data[at + 200 :]


if __name__ == "__main__":
    for one in CORPUS:
        (Path(sys.argv[1]) / one.name).write_bytes(one.make())
