"""The sweep lasts three seconds, goes from left to right, and sounds as depth looks."""

from __future__ import annotations

import io
import wave
from typing import Any

import numpy as np
import pytest

from contract.jobs import ModelInfo
from contract.options import JobOptions
from tests.quality.scenes import SCENES
from worker.outputs.render import RenderedFile, render
from worker.outputs.sonify import HIGHEST_HZ, LOWEST_HZ, SECONDS
from worker.outputs.view import View

MODEL = ModelInfo(name="m", weights_id="w", engine="simulated", precision="fp32", net_size=(48, 64))
RATE = 24_000


def file_of(depth: Any, **options: Any) -> RenderedFile:
    chosen = JobOptions.model_validate({"outputs": ["sonify"], **options})
    (file,) = render(View(depth.astype(np.float32), chosen, 640, 480, MODEL)).files
    return file


def heard(depth: Any) -> np.ndarray:
    """Return the samples, (n, 2), -1…1."""
    with wave.open(io.BytesIO(file_of(depth).data)) as reader:
        assert (reader.getnchannels(), reader.getsampwidth(), reader.getframerate()) == (2, 2, RATE)
        frames = np.frombuffer(reader.readframes(reader.getnframes()), "<i2")
    return frames.reshape(-1, 2) / 32768


def spot(x: float, y: float, nearness: float = 1.0) -> np.ndarray:
    depth = np.zeros((48, 64))
    row, column = int(y * 48), int(x * 64)
    depth[row - 3 : row + 3, column - 3 : column + 3] = nearness
    return depth


def loud(samples: np.ndarray) -> float:
    return float(np.sqrt((samples**2).mean()))


def pitch(samples: np.ndarray) -> float:
    """Return the mean frequency, Hz, weighted by power."""
    power = abs(np.fft.rfft(samples.mean(1))) ** 2
    hertz = np.fft.rfftfreq(len(samples), 1 / RATE)
    return float((power * hertz).sum() / power.sum())


@pytest.mark.parametrize("name", SCENES)
def test_it_lasts_three_seconds_and_does_not_clip(name: str) -> None:
    samples = heard(1 / SCENES[name]().depth)
    assert len(samples) == SECONDS * RATE == 72_000
    assert 0.88 < abs(samples).max() < 0.9
    assert abs(samples[[0, -1]]).max() < 0.001
    assert abs(samples.mean()) < 0.001


def test_what_is_on_the_left_is_heard_first_and_from_the_left() -> None:
    first, _, last = np.split(heard(spot(0.1, 0.5)), 3)
    assert loud(first[:, 0]) > 3 * loud(first[:, 1])
    assert loud(last) < 0.001
    first, _, last = np.split(heard(spot(0.9, 0.5)), 3)
    assert loud(last[:, 1]) > 3 * loud(last[:, 0])
    assert loud(first) < 0.001


def test_what_is_higher_sounds_higher_within_the_range() -> None:
    low, middle, high = (pitch(heard(spot(0.5, y))) for y in (0.9, 0.5, 0.1))
    assert LOWEST_HZ < 1.8 * low < middle < high / 1.8 < HIGHEST_HZ


def test_what_is_nearer_is_louder() -> None:
    first, _, last = np.split(heard(spot(0.2, 0.5, 0.5) + spot(0.8, 0.5, 1.0)), 3)
    assert loud(last) == pytest.approx(4 * loud(first), rel=0.1)


def test_no_differences_of_depth_are_silent() -> None:
    assert not heard(np.full((48, 64), 5.0)).any()


def test_it_is_the_same_every_time_and_scale_changes_nothing() -> None:
    depth = spot(0.5, 0.5)
    assert file_of(depth).data == file_of(depth).data
    np.testing.assert_allclose(heard(depth * 512 + 64), heard(depth), atol=1e-3)


def test_opus_is_in_ogg_and_a_tenth_of_the_size() -> None:
    soundfile = pytest.importorskip("soundfile")
    made = file_of(spot(0.2, 0.5) + spot(0.8, 0.2), audio_format="opus")
    assert (made.extension, made.media_type) == ("ogg", "audio/ogg; codecs=opus")
    assert made.data[:4] == b"OggS"
    assert made.data[28:36] == b"OpusHead"
    assert len(made.data) < 288_044 / 5
    samples, rate = soundfile.read(io.BytesIO(made.data))
    assert samples.shape[1] == 2
    assert len(samples) / rate == pytest.approx(SECONDS, abs=0.05)
