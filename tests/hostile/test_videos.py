"""Every hostile video ends in its frames or in its code, within the limits of its process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract.errors import InputError
from contract.videos import VideoSpec
from tests.films import LIMITS, NETWORK
from tests.hostile import films
from tests.hostile.films import CORPUS, COUNT, FRAMES, IN_MAKE_TEST, OK, HostileFilm
from tests.tiers import thorough
from worker.videos.decode.ask import Ask
from worker.videos.decode.process import answers
from worker.videos.pieces import items, pieces
from worker.videos.segment import steady_frames
from worker.videos.survey import Survey, survey

Opened = Callable[[bytes], BinaryIO]
MOST_FRAMES = 300


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    """Write bytes to a file and open it."""
    with ExitStack() as stack:

        def write(data: bytes) -> BinaryIO:
            path = tmp_path / "video"
            path.write_bytes(data)
            return stack.enter_context(path.open("rb"))

        yield write


def surveyed(video: BinaryIO) -> Survey:
    return survey(video, VideoSpec(), LIMITS, MOST_FRAMES, 1e6)


def outcome(video: BinaryIO) -> tuple[str, int]:
    """Return `ok` and how many frames became depth, or the code that it ended in.

    Any other error fails the test: it would count as the death of a worker.
    """
    try:
        found = surveyed(video)
        ((piece, _),) = pieces(list(items(found.names, found.seconds)))
        made = list(steady_frames(video, piece, found.facts, LIMITS, NETWORK))
    except InputError as error:
        return error.code, 0
    assert all(np.isfinite(one.depth).all() for one in made if one)
    return OK, sum(one is not None for one in made)


@pytest.mark.parametrize(
    "hostile",
    [
        pytest.param(one, id=one.name) if one.name in IN_MAKE_TEST else thorough(one, name=one.name)
        for one in CORPUS
    ],
)
def test_has_its_outcome(opened: Opened, hostile: HostileFilm) -> None:
    code, frames = outcome(opened(hostile.make()))
    assert code in hostile.outcomes
    if code == OK:
        least, most = hostile.frames
        assert least <= frames <= most


def pixels(video: BinaryIO, found: Survey) -> list[np.ndarray]:
    size = (found.facts.width, found.facts.height)
    question = Ask("pixels", LIMITS, want=tuple(found.names), exact=found.facts.exact, size=size)
    return [
        np.frombuffer(data, np.uint8).reshape(size[1], size[0], 3)
        for _, data in answers(video, question, 1 << 24)
    ]


def looks_like(picture: np.ndarray, among: list[np.ndarray]) -> int:
    apart = [np.abs(picture.astype(int) - frame).mean() for frame in among]
    assert min(apart) < 30
    return int(np.argmin(apart))


def test_an_edit_list_says_which_frame_is_the_first(opened: Opened) -> None:
    video = opened(films.edited(films.mp4(), [(760, 1_024 + 5 * 512)]))
    found = surveyed(video)
    assert found.seconds == pytest.approx([t / 25 for t in range(COUNT - 5)], abs=1e-3)
    shown = [looks_like(picture, list(FRAMES)) for picture in pixels(video, found)]
    assert shown == list(range(5, COUNT))


def test_a_tail_that_is_cut_off_leaves_the_frames_before_it(opened: Opened) -> None:
    whole = films.mp4({"movflags": "frag_keyframe+empty_moov"})
    last = whole.rindex(b"moof") + 20
    video = opened(whole[:last])
    shown = [looks_like(picture, list(FRAMES)) for picture in pixels(video, surveyed(video))]
    assert shown == list(range(16))


def test_frames_of_another_size_become_as_large_as_the_first(opened: Opened) -> None:
    video = opened(films.growing((64, 48), (160, 120)))
    found = surveyed(video)
    made = pixels(video, found)
    assert [picture.shape for picture in made] == [(48, 64, 3)] * 16
    large = [films.shrunk(frame, 64, 48) for frame in films.drifting(8, 160, 120)]
    assert looks_like(made[12], large) == 4


SEEDS = {"mp4": films.mp4(), "mkv": films.mkv(), "avi": films.avi(), "gif": films.gif()}


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.sampled_from(sorted(SEEDS)), data=st.data())
def test_whatever_is_flipped_or_cut_only_coded_errors_escape(
    opened: Opened, seed: str, data: st.DataObject
) -> None:
    broken = bytearray(SEEDS[seed])
    for _ in range(data.draw(st.integers(0, 12))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(len(broken) // 2, len(broken)))
    outcome(opened(bytes(broken[:cut])))
