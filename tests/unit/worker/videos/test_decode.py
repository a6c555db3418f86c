"""What is in a video is found by decoding it, in a process that may do nothing else."""

from __future__ import annotations

import io
import os
import re
import struct
import zipfile
from collections.abc import Callable
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import av
import cv2
import numpy as np
import pytest

from contract.errors import DepthqError, UnsupportedMediaType, VideoTooLarge, VideoUndecodable
from contract.videos import VideoSpec
from tests.films import LIMITS, drifting, film
from worker.videos.decode import process
from worker.videos.decode.ask import Ask
from worker.videos.decode.process import answers
from worker.videos.survey import Survey, survey

Write = Callable[[bytes], BinaryIO]
FRAMES = drifting(12)
QUICK = {
    "libvpx": {"deadline": "realtime", "cpu-used": "8"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8"},
    "libsvtav1": {"preset": "12"},
    "libx265": {"preset": "ultrafast", "x265-params": "log-level=none"},
}


def surveyed(video: BinaryIO, spec: VideoSpec | None = None, frames: int = 100) -> Survey:
    return survey(video, spec or VideoSpec(), LIMITS, frames, 60.0)


@pytest.mark.parametrize(
    ("form", "codec", "pix_fmt"),
    [
        ("mp4", "libx264", "yuv420p"),
        ("mp4", "libx265", "yuv420p"),
        ("mp4", "libx265", "yuv420p10le"),
        ("mp4", "libsvtav1", "yuv420p10le"),
        ("mov", "prores", "yuv422p10le"),
        ("mov", "prores_ks", "yuva444p10le"),
        ("matroska", "libx264", "yuv420p10le"),
        ("webm", "libvpx-vp9", "yuv420p"),
        ("webm", "libvpx", "yuv420p"),
        ("avi", "mpeg4", "yuv420p"),
        ("avi", "mjpeg", "yuvj420p"),
        ("gif", "gif", "rgb8"),
    ],
)
def test_every_format_gives_all_frames_and_any_of_them_alone(
    on_disk: Write, form: str, codec: str, pix_fmt: str
) -> None:
    options = QUICK.get(codec, {})
    video = on_disk(film(FRAMES, form=form, codec=codec, pix_fmt=pix_fmt, options=options))
    found = surveyed(video)
    assert (found.facts.frames, found.facts.width, found.facts.height) == (12, 96, 64)
    assert found.seconds == pytest.approx([t / 25 for t in range(12)], abs=0.011)
    (got,) = pixels(video, found, [found.names[7]])
    apart = [np.abs(got.astype(int) - frame).mean() for frame in FRAMES]
    assert int(np.argmin(apart)) == 7
    assert apart[7] < 25


def pixels(video: BinaryIO, found: Survey, want: list[int]) -> list[np.ndarray]:
    question = Ask("pixels", LIMITS, want=tuple(want), exact=found.facts.exact)
    made = []
    for meta, data in answers(video, question, 1 << 24):
        width, height = meta["size"]
        made.append(np.frombuffer(data, np.uint8).reshape(height, width, 3))
    return made


def test_times_are_kept_when_the_frame_rate_varies(on_disk: Write) -> None:
    times = [0, 40, 41, 90, 200, 1000, 1033, 1066, 1500, 1501, 1600, 2000]
    video = on_disk(film(FRAMES, form="matroska", times=times, base=Fraction(1, 1000)))
    assert surveyed(video).seconds == pytest.approx([t / 1000 for t in times], abs=1e-9)


def test_a_range_and_a_rate_choose_frames(on_disk: Write) -> None:
    video = on_disk(film(drifting(25)))
    found = surveyed(video, VideoSpec(start_s=0.2, end_s=0.8, fps=10))
    assert found.seconds == pytest.approx([0.2, 0.32, 0.4, 0.52, 0.6, 0.72])
    assert (found.facts.frames, found.facts.chosen) == (25, 6)
    with pytest.raises(VideoUndecodable, match=r"the video is 1\.0 s long"):
        surveyed(video, VideoSpec(start_s=5))


def test_a_telephone_held_upright_gives_upright_frames(on_disk: Write) -> None:
    video = on_disk(film(FRAMES, rotation=90))
    found = surveyed(video)
    assert (found.facts.width, found.facts.height) == (64, 96)
    plain = on_disk(film(FRAMES))
    lying = pixels(plain, surveyed(plain), found.names[:1])[0]
    assert np.array_equal(pixels(video, found, found.names[:1])[0], np.rot90(lying))


COLOURS = [(220, 30, 40), (30, 200, 60), (40, 50, 230), (250, 250, 250), (5, 5, 5)]
BT709, BT2020, LIMITED, FULL = 1, 9, 1, 2


@pytest.mark.parametrize(("space", "span"), [(BT709, FULL), (BT2020, LIMITED)])
def test_colours_are_those_of_the_film_in_its_own_space_and_range(
    on_disk: Write, space: int, span: int
) -> None:
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as out:
        stream = out.add_stream("libx264", rate=25, options={"qp": "0"})
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv444p"
        stream.codec_context.colorspace, stream.codec_context.color_range = space, span
        for at, colour in enumerate(COLOURS):
            plain = av.VideoFrame.from_ndarray(np.full((64, 64, 3), colour, np.uint8), "rgb24")
            frame = plain.reformat(format="yuv444p", dst_colorspace=space, dst_color_range=span)
            frame.pts, frame.time_base = at, Fraction(1, 25)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    video = on_disk(file.getvalue())
    found = surveyed(video)
    shown = [picture[32, 32] for picture in pixels(video, found, found.names)]
    assert np.abs(np.array(shown, int) - COLOURS).max() <= 2


def test_odd_sides_stay_odd(on_disk: Write) -> None:
    odd = [np.ascontiguousarray(frame[:63, :95]) for frame in FRAMES]
    found = surveyed(on_disk(film(odd, form="matroska", codec="ffv1", pix_fmt="bgr0")))
    assert (found.facts.width, found.facts.height) == (95, 63)


def test_sound_comes_as_48_khz_from_the_asked_second(on_disk: Write) -> None:
    video = on_disk(film(drifting(50), sound_s=2.0))
    assert surveyed(video).facts.sound
    got = list(answers(video, Ask("sound", LIMITS, start_s=1.0, end_s=1.5), 1 << 22))
    samples = np.concatenate([np.frombuffer(data, np.int16) for _, data in got]).reshape(-1, 2)
    assert got[0][0]["at"] == 0
    assert len(samples) == 24_000
    spectrum = np.abs(np.fft.rfft(samples[:, 0]))
    assert spectrum.argmax() * 48_000 / 24_000 == pytest.approx(440, abs=4)


def test_a_broken_tail_leaves_the_frames_before_it(on_disk: Write) -> None:
    whole = film(drifting(60), form="matroska", options={"g": "10"})
    found = surveyed(on_disk(whole[: len(whole) * 2 // 3]))
    assert 20 <= found.facts.frames < 60


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GIF89a",
        b"\x1aE\xdf\xa3" + bytes(100),
        struct.pack(">I4s4s", 0x20, b"ftyp", b"isom") + bytes(2_000),
        os.urandom(5_000),
        b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
    ],
    ids=["empty", "gif-head", "mkv-head", "mp4-head", "noise", "playlist", "concat"],
)
def test_what_is_no_video_is_refused_with_a_code(on_disk: Write, data: bytes) -> None:
    with pytest.raises(DepthqError) as caught:
        surveyed(on_disk(data))
    assert caught.value.code in ("unsupported_media_type", "video_undecodable")


def test_sound_alone_is_no_video(on_disk: Write) -> None:
    with pytest.raises(UnsupportedMediaType):
        surveyed(on_disk(b"RIFF\x24\x08\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0"
                         b"\x02\0\x10\0data\0\x08\0\0" + bytes(2_048)))  # fmt: skip


def test_too_many_frames_and_too_large_ones_are_refused(on_disk: Write) -> None:
    video = on_disk(film(FRAMES))
    with pytest.raises(VideoTooLarge, match="more than 5 frames"):
        surveyed(video, frames=5)
    small = Ask("scan", type(LIMITS)(1 << 30, 20, 4_000), max_frames=100)
    with pytest.raises(VideoTooLarge, match="96 x 64"):
        list(answers(video, small, 1 << 16))


def test_a_false_duration_changes_nothing(on_disk: Write) -> None:
    data = bytearray(film(FRAMES))
    at = data.index(b"mvhd") + 4
    assert data[at] == 0  # version 0: 32-bit duration after times and scale
    data[at + 16 : at + 20] = struct.pack(">I", 0xFFFFFFF0)
    assert surveyed(on_disk(bytes(data))).facts.frames == 12


def test_a_process_without_memory_ends_coded(on_disk: Write) -> None:
    tight = Ask("scan", type(LIMITS)(1 << 28, 20, 2**31), max_frames=100)
    big = film([np.zeros((2_160, 3_840, 3), np.uint8)] * 4, options={"preset": "ultrafast"})
    with pytest.raises(DepthqError) as caught:
        list(answers(on_disk(big), tight, 1 << 16))
    assert caught.value.code in ("video_too_large", "video_undecodable", "internal")


def test_a_decoding_process_is_confined_and_holds_nothing_but_its_files(on_disk: Write) -> None:
    large = on_disk(film(drifting(12, 480, 320), options={"preset": "ultrafast"}))
    found = surveyed(large)
    whole = Ask("pixels", LIMITS, want=tuple(found.names))  # more than a pipe holds: it waits
    with closing(answers(large, whole, 1 << 24)) as said:
        next(said)
        server = process._forks.pid
        (pid,) = Path(f"/proc/{server}/task/{server}/children").read_text().split()
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        status = dict(line.split(":\t", 1) for line in lines)
        assert (status["Seccomp"], status["NoNewPrivs"], status["PPid"]) == ("2", "1", f"{server}")
        assert {int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {0}
        limits = Path(f"/proc/{pid}/limits").read_text()
        assert re.search(
            rf"Max address space +{LIMITS.memory_bytes} +{LIMITS.memory_bytes} ", limits
        )
        files = {file.name: str(file.readlink()) for file in Path(f"/proc/{pid}/fd").iterdir()}
        assert files.pop("0") == large.name
        assert re.fullmatch(r"pipe:\[\d+\]", files.pop("3"))
        assert set(files) == {"1", "2"}
        assert all("depthq-video-stderr" in name for name in files.values())
        environ = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    assert {one.partition(b"=")[0].decode() for one in environ if one} == set(process._ENVIRONMENT)


def test_a_zip_of_numbered_images_is_a_video(on_disk: Write) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as images:
        for number in (10, 2, 1, 9):
            _, png = cv2.imencode(".png", FRAMES[number][:, :, ::-1])
            images.writestr(f"shot/frame_{number}.png", png.tobytes())
        images.writestr("shot/frame_5.png", b"no image")
        images.writestr("notes.txt", "nothing")
    video = on_disk(packed.getvalue())
    found = surveyed(video, VideoSpec(frames_fps=10))
    assert (found.facts.frames, found.facts.width, found.facts.sound) == (5, 96, False)
    assert found.seconds == [0.0, 0.1, 0.2, 0.3, 0.4]
    got = pixels(video, found, [1, 2, 4])
    assert [np.array_equal(a, FRAMES[b]) for a, b in zip(got, (2, 10), strict=True)] == [True, True]


def test_a_zip_without_numbered_images_says_what_to_send(on_disk: Write) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as images:
        images.writestr("cat.jpg", b"")
    with pytest.raises(UnsupportedMediaType, match="numbered images"):
        surveyed(on_disk(packed.getvalue()))
