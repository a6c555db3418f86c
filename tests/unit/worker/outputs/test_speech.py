"""Descriptions are spoken, or it is said what is missing."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from contract.errors import ERROR_CODES, InternalError, NotInstalled
from contract.jobs import ModelInfo
from contract.options import JobOptions
from tests.golden.described import described as photographs
from worker.outputs import speech
from worker.outputs.encoding.audio import Sound, encode_opus, levelled, resampled
from worker.outputs.render import RenderedFile, render
from worker.outputs.view import View
from worker.outputs.voices import espeak_voice, hibari_voice

MODEL = ModelInfo(name="m", weights_id="w", engine="simulated", precision="fp32", net_size=(48, 64))


def file_of(name: str, **options: Any) -> RenderedFile:
    chosen = JobOptions.model_validate({"outputs": ["speech"], **options})
    (file,) = render(View(photographs()[name], chosen, 640, 480, MODEL)).files
    return file


def heard(wav: bytes) -> np.ndarray:
    with wave.open(io.BytesIO(wav)) as reader:
        assert (reader.getnchannels(), reader.getsampwidth()) == (1, 2)
        assert reader.getframerate() == 24_000
        return np.frombuffer(reader.readframes(reader.getnframes()), "<i2") / 32768


def looks_spoken(samples: np.ndarray, least_s: float, most_s: float) -> None:
    """Check length, loudness, pauses, and that the spectrum moves."""
    assert least_s < len(samples) / 24_000 < most_s
    assert 0.88 < abs(samples).max() < 0.9
    parts = samples[: len(samples) // 1200 * 1200].reshape(-1, 1200)  # 50 ms
    loud = np.sqrt((parts**2).mean(1))
    assert -30 < 20 * np.log10(np.sqrt((samples**2).mean())) < -12  # dB of full scale
    assert (loud < 0.01).mean() > 0.05
    spectra = abs(np.fft.rfft(parts[loud > 0.03]))
    centers = (spectra * np.arange(601)).sum(1) / spectra.sum(1)
    assert centers.std() > 0.2 * centers.mean()


def fake_program(folder: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> Path:
    """Put an `espeak-ng` of Python on the path, and nothing else; returns what it may write to."""
    program, seen = folder / "espeak-ng", folder / "seen.json"
    program.write_text(
        f"#!{sys.executable}\nimport json, os, sys, time\nSEEN = {str(seen)!r}\n{body}"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    return seen


def test_english_is_spoken_by_a_voice_that_needs_no_network() -> None:
    pytest.importorskip("hibari")
    looks_spoken(heard(file_of("flower", detail="alt").data), 4, 12)


def test_the_same_text_sounds_the_same() -> None:
    pytest.importorskip("hibari")
    assert file_of("bricks", detail="alt").data == file_of("bricks", detail="alt").data


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
def test_chinese_is_spoken_by_espeak_ng() -> None:
    looks_spoken(heard(file_of("flower", language="zh", detail="alt").data), 4, 20)


def test_the_program_gets_the_text_by_stdin_and_options_of_ours_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = """
import struct
json.dump([sys.argv[1:], sys.stdin.buffer.read().decode(), sorted(os.environ)], open(SEEN, "w"))
head = b"RIFF" + struct.pack("<I", 0x7FFFFFFF) + b"WAVEfmt "
head += struct.pack("<IHHIIHH", 16, 1, 1, 22050, 44100, 2, 16)
sys.stdout.buffer.write(head + b"data" + struct.pack("<I", 0x7FFFFFFF) + bytes([0, 64]) * 22050)
"""
    monkeypatch.setenv("DEPTHQ_S3_SECRET_ACCESS_KEY", "secret")
    seen = fake_program(tmp_path, monkeypatch, body)
    sound = espeak_voice.speak("--help 有一处突出。")
    arguments, text, environment = json.loads(seen.read_text())
    assert arguments == ["-v", "cmn", "-s", "240", "-b", "1", "--stdin", "--stdout"]
    assert text == "--help 有一处突出。"
    assert not any(name.startswith("DEPTHQ") for name in environment)
    assert (sound.rate, len(sound.samples), sound.samples[0]) == (22_050, 22_050, 0.5)


def test_a_program_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_program(tmp_path, monkeypatch, "time.sleep(60)")
    monkeypatch.setattr(espeak_voice, "_TIMEOUT_S", 0.2)
    with pytest.raises(InternalError, match="timed out"):
        espeak_voice.speak("一")


@pytest.mark.parametrize(
    "body", ["sys.exit(3)", "sys.stdout.write('no sound')", "os.kill(os.getpid(), 9)"]
)
def test_a_program_that_fails_is_a_fault_of_ours(
    body: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_program(tmp_path, monkeypatch, body)
    with pytest.raises(InternalError):
        espeak_voice.speak("一")


def test_a_program_without_the_voice_is_a_voice_that_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_program(tmp_path, monkeypatch, "sys.exit('The specified voice does not exist.')")
    with pytest.raises(NotInstalled, match="voice cmn"):
        espeak_voice.speak("一")


def test_without_a_chinese_voice_the_error_says_how_to_get_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotInstalled, match="apt-get install espeak-ng") as raised:
        file_of("flower", language="zh")
    assert raised.value.code == "not_installed"
    assert ERROR_CODES["not_installed"] is False


def test_without_an_english_voice_the_error_says_how_to_get_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hibari_voice._voice.cache_clear()
    monkeypatch.setitem(sys.modules, "hibari", None)
    with pytest.raises(NotInstalled, match=r"install depthq\[speech\]"):
        file_of("flower")


def test_without_an_opus_encoder_the_error_names_wav(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "soundfile", None)
    with pytest.raises(NotInstalled, match="ask for wav"):
        encode_opus(Sound(np.zeros(100, np.float32)))


def test_the_worker_loads_no_voice_until_one_is_asked_for() -> None:
    optional = ("hibari", "soundfile", "onnxruntime")
    code = f"import sys, worker.outputs.speech; print([m for m in {optional} if m in sys.modules])"
    order = [sys.executable, "-c", code]
    assert subprocess.run(order, capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_the_text_is_bounded() -> None:
    with pytest.raises(InternalError, match="too long"):
        speech.spoken("a" * 2001, "en")


def test_json_is_read_as_the_long_text(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []

    def voice(text: str) -> Sound:
        said.append(text)
        return Sound(np.ones(240, np.float32))

    monkeypatch.setitem(speech.VOICES, "en", voice)
    file_of("flower", detail="json")
    file_of("flower", detail="long")
    assert said[0] == said[1]
    assert "o'clock" in said[0]


def test_another_rate_keeps_length_and_pitch() -> None:
    time = np.arange(22_050) / 22_050
    tone = Sound(np.sin(2 * np.pi * 440 * time).astype(np.float32), 22_050)
    made = resampled(tone)
    assert (made.rate, len(made.samples)) == (24_000, 24_000)
    wanted = np.sin(2 * np.pi * 440 * np.arange(24_000) / 24_000)
    np.testing.assert_allclose(made.samples, wanted, atol=1e-4)


def test_silence_stays_silent() -> None:
    assert not levelled(Sound(np.zeros(10, np.float32))).samples.any()
