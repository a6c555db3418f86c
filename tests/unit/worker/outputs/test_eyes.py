"""Each eye gets its view, in the order and the colors that its viewer wants."""

from __future__ import annotations

import io
import sys
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pydantic import ValidationError

from contract.errors import NotInstalled
from contract.jobs import ModelInfo
from contract.options import JobOptions
from worker.outputs.anaglyph import LEFT, RIGHT, anaglyph
from worker.outputs.encoding.movie import encode_movie
from worker.outputs.parallax import FRAME_MS, FRAMES, MOST_SIDE_PX, SWAYS, frames, sways
from worker.outputs.render import RenderedFile, render
from worker.outputs.stereo import eyes
from worker.outputs.view import View

MODEL = ModelInfo(
    name="midas_small", weights_id="w-1", engine="openvino", precision="fp32", net_size=(60, 80)
)


def view_of(output: str, factor: int = 2, **options: Any) -> View:
    """Return a gray wall with a bright near square in its middle, a white post at its left end."""
    depth = np.ones((60, 80), np.float32)
    depth[20:40, 30:50] = 9
    rgb = np.full((60 * factor, 80 * factor, 3), 60, np.uint8)
    rgb[20 * factor : 40 * factor, 30 * factor : 50 * factor] = 250
    asked = JobOptions.model_validate({"outputs": [output], **options})
    return View(depth, asked, 80 * factor, 60 * factor, MODEL, pixels=rgb)


def file_of(view: View) -> RenderedFile:
    (file,) = render(view).files
    assert Image.open(io.BytesIO(file.data)).size == (file.width, file.height)
    return file


def both_eyes(view: View) -> list[NDArray[np.uint8]]:
    """Return the left and the right eye's view whole."""
    _, left, right = zip(*eyes(view), strict=True)
    return [np.vstack(strips) for strips in (left, right)]


def square_in(picture: NDArray[np.uint8]) -> tuple[int, int]:
    """Return the first column of the square and the first after it, at half of the height."""
    bright = np.flatnonzero(picture[len(picture) // 2, :, 0] > 150)
    return int(bright[0]), int(bright[-1]) + 1


def test_the_near_is_farther_right_for_the_left_eye_by_the_share_of_the_width_asked_for() -> None:
    # 6 % of 160 px between nearest and farthest, which both move by half of it in each view
    left, right = both_eyes(view_of("stereo", shift_percent=6))
    apart = square_in(left)[0] - square_in(right)[0]
    assert apart == pytest.approx(0.06 * 160 / 2, abs=1.5)
    # the wall moves the other way: it is at infinity, behind the screen
    assert [square_in(view)[1] - square_in(view)[0] for view in (left, right)] == [
        pytest.approx(40, abs=3)
    ] * 2


@pytest.mark.parametrize("eyes_way", ["parallel", "cross"])
@pytest.mark.parametrize("width", ["full", "half"])
def test_views_stand_side_by_side_as_asked(eyes_way: str, width: str) -> None:
    view = view_of("stereo", stereo_eyes=eyes_way, stereo_width=width, shift_percent=6)
    file = file_of(view)
    assert (file.width, file.height) == ((320, 120) if width == "full" else (160, 120))
    picture = np.asarray(Image.open(io.BytesIO(file.data)))
    first, second = np.hsplit(picture, 2)
    further_right = square_in(first)[0] - square_in(second)[0]
    assert (further_right > 0) == (eyes_way == "parallel")


def test_gray_stays_nearly_gray_and_white_white_where_both_eyes_see_the_same() -> None:
    white = np.full((2, 2, 3), 255, np.uint8)
    assert (anaglyph(white, white) >= 250).all()
    gray = np.full((2, 2, 3), 128, np.uint8)
    assert abs(anaglyph(gray, gray).astype(int) - 128).max() <= 4
    assert (LEFT + RIGHT).sum(axis=1) == pytest.approx([1, 1, 1], abs=0.01)


def test_the_left_view_is_red_and_the_right_one_cyan() -> None:
    white, black = np.full((2, 2, 3), 255, np.uint8), np.zeros((2, 2, 3), np.uint8)
    red, cyan = anaglyph(white, black)[0, 0], anaglyph(black, white)[0, 0]
    assert red[0] == 255
    assert red[1:].max() == 0
    assert cyan[0] == 0
    assert cyan[1:].min() > 245


def test_light_is_mixed_in_linear_light() -> None:
    green = np.zeros((1, 1, 3), np.uint8)
    green[..., 1] = 255
    # half of the light (0.500484) is the code 188, not 128
    assert anaglyph(green, np.zeros_like(green))[0, 0].tolist() == [188, 0, 0]


def test_colors_of_an_anaglyph_keep_their_resolution() -> None:
    file = file_of(view_of("anaglyph"))
    assert (file.width, file.height) == (160, 120)
    image = Image.open(io.BytesIO(file.data))
    assert image.layer[0][1:3] == (1, 1), "4:4:4, or the eyes' views would run into each other"


def test_the_loop_sways_there_and_back_for_ever() -> None:
    file = file_of(view_of("parallax", shift_percent=6))
    image = Image.open(io.BytesIO(file.data))
    assert (file.extension, file.media_type) == ("webp", "image/webp")
    assert (image.n_frames, image.info["loop"]) == (FRAMES, 0)
    places, times = [], []
    for frame in range(image.n_frames):
        image.seek(frame)
        pixels = np.asarray(image.convert("RGB"))
        places.append(square_in(pixels)[0])
        times.append(image.info["duration"])
    assert set(times) == {FRAME_MS}
    half = FRAMES // 2
    assert places[: half + 1] == sorted(places[: half + 1])
    assert places[half] - places[0] == pytest.approx(0.06 * 160 / 2, abs=2)
    assert all(abs(a - b) <= 1 for a, b in zip(places[1:half], places[:half:-1], strict=True))


def test_a_movie_sways_four_times_as_another_reader_sees_it() -> None:
    av = pytest.importorskip("av")
    (file,) = render(view_of("parallax", shift_percent=6, parallax_format="mp4")).files
    assert (file.extension, file.media_type) == ("mp4", "video/mp4")
    with av.open(io.BytesIO(file.data)) as movie:
        (stream,) = movie.streams
        shown = [frame.to_ndarray(format="rgb24") for frame in movie.decode(stream)]
        assert stream.codec_context.name == "h264"
    assert len(shown) == SWAYS * FRAMES
    assert {picture.shape for picture in shown} == {(file.height, file.width, 3)}
    assert file.width % 2 == file.height % 2 == 0
    places = [square_in(picture)[0] for picture in shown]
    half = FRAMES // 2
    assert places[half] - places[0] == pytest.approx(0.06 * 160 / 2, abs=2)
    assert abs(places[FRAMES] - places[0]) <= 1


def test_without_the_extra_a_movie_is_an_error_that_says_what_to_do(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(NotInstalled, match=r"depthq\[video\].*webp"):
        render(view_of("parallax", parallax_format="mp4"))


def test_a_movie_of_one_pixel_is_one() -> None:
    av = pytest.importorskip("av")
    data, width, height = encode_movie([np.full((1, 1, 3), 200, np.uint8)] * 3, 40, "who made it")
    with av.open(io.BytesIO(data)) as movie:
        assert sum(1 for _ in movie.decode(video=0)) == 3
    assert (width, height) == (2, 2)


def test_the_sway_begins_at_one_side_and_ends_at_the_other() -> None:
    assert (sways()[0], sways()[-1], len(sways())) == (-1, 1, FRAMES // 2 + 1)


def test_a_loop_of_a_large_photograph_is_small() -> None:
    first = frames(view_of("parallax", factor=12))[0]
    assert MOST_SIDE_PX - 12 <= first.shape[1] <= MOST_SIDE_PX


@pytest.mark.parametrize("output", ["stereo", "anaglyph", "parallax"])
@pytest.mark.parametrize("size", [(1, 1), (2, 3), (1, 300), (300, 1)])
def test_extreme_sizes_have_other_views(output: str, size: tuple[int, int]) -> None:
    rgb = np.zeros((size[1], size[0], 3), np.uint8)
    depth = np.random.default_rng(1).random((8, 8)).astype(np.float32)
    options = JobOptions.model_validate({"outputs": [output], "shift_percent": 6})
    assert file_of(View(depth, options, *size, MODEL, pixels=rgb)).height == size[1]


@pytest.mark.parametrize("output", ["stereo", "anaglyph", "parallax"])
def test_the_same_photograph_gives_the_same_bytes(output: str) -> None:
    assert file_of(view_of(output)).data == file_of(view_of(output)).data


@pytest.mark.parametrize("value", [0, 0.4, 6.1, -3, float("nan")])
def test_views_farther_apart_than_can_be_filled_are_refused_by_name(value: float) -> None:
    with pytest.raises(ValidationError, match="shift_percent"):
        JobOptions.model_validate({"shift_percent": value})
