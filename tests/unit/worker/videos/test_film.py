"""A clip becomes the same files however its segments are cut, and in whatever order they ran."""

from __future__ import annotations

import io
import json
import random
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import av
import cv2
import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from client.depth_file import read_depth
from contract.videos import SIDECAR_FILE, VIDEO_FILES, FrameFacts, VideoSpec
from tests.films import LIMITS, NETWORK, drifting, film
from worker.outputs.heatmap import Shades, heatmap
from worker.videos.assemble import Film, assemble
from worker.videos.files.codes import Codes, CodesWriter, codes_of, depth_of, read_codes
from worker.videos.files.frame import Frame
from worker.videos.files.planes import Palette, beside, planes_of
from worker.videos.pieces import items, pieces
from worker.videos.segment import SegmentFile, steady_frames
from worker.videos.shots import Columns, Scaled, scaled
from worker.videos.survey import survey

Write = Callable[[bytes], BinaryIO]
ALL = VideoSpec(outputs=tuple(VIDEO_FILES), colormap="viridis")
ORIGIN = "depthq; model midas_small; weights w-1"
TIMES = [1_000 + 40 * t + (t % 3) * 5 for t in range(16)]  # begins late, at a rate that varies


def made(video: BinaryIO, spec: VideoSpec, length: int, seed: int = 0) -> dict[str, bytes]:
    """Return all files of `video`, computed in segments of `length`, in an order by `seed`."""
    found = survey(video, spec, LIMITS, 1_000, 60.0)
    frames = list(items(found.names, found.seconds))
    order = list(range(0, len(frames), length))
    random.Random(seed).shuffle(order)
    facts, files = {}, {}
    for begin in order:
        segment = SegmentFile()
        for piece, part in pieces(frames[begin : begin + length]):
            depths = steady_frames(video, piece, found.facts, LIMITS, NETWORK)
            for item, steady in zip(part, depths, strict=True):
                assert steady is not None
                facts[item.id] = segment.add(steady, item.extra["at"])
        files[begin] = segment.finished()

    def codes() -> Iterator[Codes]:
        for begin in sorted(files):
            yield from read_codes(io.BytesIO(files[begin]))

    ordered = [facts[item.id] for item in frames]
    whole = Film(
        video, spec, found.facts, LIMITS, in_one_scale(ordered, spec.normalize), found.names, codes,
        ORIGIN,
    )  # fmt: skip
    with ExitStack() as stack:
        opened = {}

        def open_file(name: str) -> BinaryIO:
            opened[name] = stack.enter_context(tempfile.NamedTemporaryFile(buffering=0))
            return opened[name]  # type: ignore[return-value]

        assemble(whole, open_file)
        return {name: Path(file.name).read_bytes() for name, file in opened.items()}


def in_one_scale(facts: list[FrameFacts], normalize: str) -> Scaled:
    columns = Columns()
    for frame in facts:
        columns.add(frame)
    return scaled(columns.ordered(np.arange(len(columns))), normalize)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clip") / "clip"
    frames = [*drifting(9), *(255 - frame for frame in drifting(7))]
    data = film(frames, form="matroska", times=TIMES, base=Fraction(1, 1_000), sound_s=2.0)
    path.write_bytes(data)
    return path


@pytest.fixture(scope="module")
def files(clip: Path) -> dict[str, bytes]:
    with clip.open("rb") as video:
        return made(video, ALL, length=100)


def test_segments_of_any_length_in_any_order_give_the_same_bytes(
    clip: Path, files: dict[str, bytes]
) -> None:
    with clip.open("rb") as video:
        again = made(video, ALL, length=5, seed=3)
    assert {name: again[name] == files[name] for name in files} == dict.fromkeys(files, True)
    assert set(files) == {*VIDEO_FILES.values(), SIDECAR_FILE}


def comment(film: bytes) -> str:
    with av.open(io.BytesIO(film)) as opened:
        return {name.lower(): said for name, said in opened.metadata.items()}["comment"]


def test_every_file_names_the_model_and_its_weights(files: dict[str, bytes]) -> None:
    for name in ("heatmap.mp4", "side_by_side.mp4", "depth.mkv"):
        assert comment(files[name]) == ORIGIN
    for name in ("depth_png.zip", "depth_exr.zip", "depth.npz"):
        with zipfile.ZipFile(io.BytesIO(files[name])) as archive:
            assert archive.comment.decode() == ORIGIN
    with zipfile.ZipFile(io.BytesIO(files["depth_png.zip"])) as pngs:
        assert Image.open(io.BytesIO(pngs.read("000008.png"))).info["Software"] == ORIGIN
    assert json.loads(files["depth.json"])["origin"] == ORIGIN
    assert np.load(io.BytesIO(files["depth.npz"]))["origin"] == ORIGIN
    assert (
        pq.read_schema(io.BytesIO(files["frames.parquet"])).metadata[b"origin"].decode() == ORIGIN
    )
    with Image.open(io.BytesIO(files["preview.webp"])) as loop:
        loop.load()
        assert ORIGIN.encode() in loop.info["xmp"]


def test_the_movie_plays_everywhere_and_keeps_times_and_sound(files: dict[str, bytes]) -> None:
    data = files["heatmap.mp4"]
    assert data.index(b"moov") < data.index(b"mdat")
    with av.open(io.BytesIO(data)) as movie:
        video, sound = movie.streams.video[0], movie.streams.audio[0]
        assert (video.codec_context.name, video.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (video.width, video.height) == (96, 64)
        assert sound.codec_context.name == "aac"
        times = [float(frame.time) for frame in movie.decode(video=0)]
    assert times == pytest.approx([(t - TIMES[0]) / 1_000 for t in TIMES], abs=1e-4)
    with av.open(io.BytesIO(data)) as movie:
        heard = np.concatenate([f.to_ndarray()[0] for f in movie.decode(audio=0)])
    assert np.abs(np.fft.rfft(heard[:40_000])).argmax() * 48_000 / 40_000 == pytest.approx(
        440, abs=3
    )


def test_the_video_stands_beside_its_heat_map(files: dict[str, bytes]) -> None:
    with av.open(io.BytesIO(files["side_by_side.mp4"])) as movie:
        first = next(movie.decode(video=0)).to_ndarray(format="rgb24")
    assert first.shape == (64, 192, 3)
    assert np.abs(first[:, :96].astype(int) - drifting(9)[0]).mean() < 20


def test_lossless_depth_says_what_its_codes_mean(files: dict[str, bytes]) -> None:
    about = json.loads(files["depth.json"])["frames"]
    with av.open(io.BytesIO(files["depth.mkv"])) as lossless:
        codes = [frame.to_ndarray() for frame in lossless.decode(video=0)]
    array = np.load(io.BytesIO(files["depth.npz"]))
    assert array["depth"].shape == (16, *codes[0].shape)
    assert array["shot"].tolist() == [0] * 9 + [1] * 7 == [one["shot"] for one in about]
    assert array["seconds"] == pytest.approx([(t - 1_000) / 1_000 for t in TIMES])
    for index in (0, 8, 15):
        depth = about[index]["scale"] * codes[index] + about[index]["shift"]
        assert np.abs(depth - array["depth"][index]).max() < 1e-4 * np.ptp(depth)
    with zipfile.ZipFile(io.BytesIO(files["depth_png.zip"])) as pngs:
        assert pngs.namelist() == [*(f"{t:06d}.png" for t in range(16)), "depth.csv"]
        png = cv2.imdecode(np.frombuffer(pngs.read("000008.png"), np.uint8), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(png, codes[8])
    with zipfile.ZipFile(io.BytesIO(files["depth_exr.zip"])) as exrs:
        assert exrs.namelist() == [f"{t:06d}.exr" for t in range(16)]
        read = read_depth(exrs.read("000008.exr"))
    assert np.array_equal(read.values, array["depth"][8])
    assert read.meta == {
        "frame": 8, "seconds": about[8]["seconds"], "shot": 0, "origin": ORIGIN,
    }  # fmt: skip


def test_preview_and_table_tell_of_all_frames(files: dict[str, bytes]) -> None:
    with Image.open(io.BytesIO(files["preview.webp"])) as loop:
        assert (loop.n_frames, max(loop.size)) == (16, 320)
    rows = pq.read_table(io.BytesIO(files["frames.parquet"])).to_pylist()
    array = np.load(io.BytesIO(files["depth.npz"]))["depth"]
    assert [row["frame"] for row in rows] == list(range(16))
    assert rows[3]["depth_mean"] == pytest.approx(array[3].mean(), rel=1e-5)
    assert rows[3]["p10"] < rows[3]["p50"] < rows[3]["p90"]


@pytest.mark.parametrize(("normalize", "ranges"), [("clip", 1), ("shot", 2), ("frame", 16)])
def test_frames_share_a_range_as_asked(clip: Path, normalize: str, ranges: int) -> None:
    spec = VideoSpec.model_validate({"normalize": normalize})
    with clip.open("rb") as video:
        found = survey(video, spec, LIMITS, 1_000, 60.0)
        frames = list(items(found.names, found.seconds))
        piece, _ = next(pieces(frames))
        depths = steady_frames(video, piece, found.facts, LIMITS, NETWORK)
        segment = SegmentFile()
        facts = [segment.add(d, i.extra["at"]) for d, i in zip(depths, frames, strict=True) if d]
    made = in_one_scale(facts, normalize)
    assert len(set(zip(made.bottom, made.top, strict=True))) == ranges


def test_codes_keep_depth_to_a_step_of_65536() -> None:
    depth = np.random.default_rng(0).normal(5, 3, (40, 50)).astype(np.float32)
    codes, low, high = codes_of(depth)
    assert np.abs(depth_of(codes, low, high) - depth).max() <= 1.01 * (high - low) / 65_535


def test_a_retry_of_some_frames_asks_for_what_stands_beside_them() -> None:
    frames = list(items(range(100, 130), [t / 25 for t in range(30)]))
    some = [*frames[4:7], *frames[20:21]]
    found = [piece for piece, _ in pieces(some)]
    assert [piece.own for piece in found] == [(104, 105, 106), (120,)]
    assert found[1].before == (116, 117, 118, 119)
    assert found[1].after == (121, 122, 123)


@pytest.mark.parametrize("shape", [(1, 1), (5, 7), (96, 64)])
def test_what_a_segment_leaves_is_lossless(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    frames = [rng.integers(0, 65_536, shape).astype(np.uint16) for _ in range(3)]
    file = io.BytesIO()
    writer = CodesWriter(file)
    for codes in frames:
        writer.add(codes)
    file.seek(0)
    again = list(read_codes(file))
    assert [np.array_equal(a, b) for a, b in zip(again, frames, strict=True)] == [True] * 3
    assert list(read_codes(io.BytesIO())) == []
    with pytest.raises(ValueError, match="no segment"):
        list(read_codes(io.BytesIO(b"\x1aE\xdf\xa3 something else")))


@pytest.mark.parametrize("colormap", ["inferno", "gray", "jet"])
def test_a_heat_map_in_planes_has_the_colors_of_one_in_rgb(colormap: str) -> None:
    ramp = np.tile(np.linspace(0, 1, 64, dtype=np.float32), (32, 1))
    codes, low, high = codes_of(ramp)
    frame = Frame(0, 0.0, codes, low, high, bottom=0.1, top=0.9, shot=0)
    shades = Shades(colormap)
    planes = Palette(shades).painted(frame, 128, 64)
    shown = av.VideoFrame.from_ndarray(planes, format="yuv420p")
    rgb = shown.reformat(format="rgb24", src_colorspace="ITU709").to_ndarray().astype(int)
    bgr = heatmap(ramp, 0.1, 0.9, shades, 128, 64)
    expected = bgr[..., None] if bgr.ndim == 2 else bgr[..., ::-1]
    assert np.abs(rgb - expected).mean() < 3


def test_two_pictures_stand_side_by_side_in_planes() -> None:
    left, right = (
        np.full((40, 60, 3), color, np.uint8) for color in ((200, 30, 30), (20, 40, 220))
    )
    both = beside(planes_of(left, 60, 40), planes_of(right, 60, 40))
    shown = av.VideoFrame.from_ndarray(both, format="yuv420p")
    rgb = shown.reformat(format="rgb24", src_colorspace="ITU709").to_ndarray().astype(int)
    assert rgb.shape == (40, 120, 3)
    assert np.abs(rgb[:, :56] - left[:, :56]).max() < 6
    assert np.abs(rgb[:, 64:] - right[:, 4:]).max() < 6
