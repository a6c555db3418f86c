"""Mandarin, by espeak-ng in a process of its own: it is under the GPL and is never linked.

The text goes in by stdin, the sound comes out by stdout; no shell, no file, no option from outside.
"""

from __future__ import annotations

import shutil
import struct
import subprocess

import numpy as np

from contract.errors import InternalError, NotInstalled
from worker.outputs.encoding.audio import Sound
from worker.shortage import as_outage

_PROGRAM = "espeak-ng"
_VOICE, _SPEED = "cmn", "240"  # words a minute, as it counts them
_TIMEOUT_S = 30.0
_WANTS = (
    "no Chinese voice is installed in this worker: install the program espeak-ng with its voice "
    "cmn there (Debian: apt-get install espeak-ng), or ask for the output description"
)


def speak(text: str) -> Sound:
    """Return `text`, spoken. Raises NotInstalled, InternalError if the program fails."""
    program = shutil.which(_PROGRAM)
    if program is None:
        raise NotInstalled(_WANTS)
    order = [program, "-v", _VOICE, "-s", _SPEED, "-b", "1", "--stdin", "--stdout"]
    try:
        done = subprocess.run(
            order,
            input=text.encode(),
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=False,
            env={"LANG": "C.UTF-8"},
        )
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise as_outage(exc) or InternalError(f"{_PROGRAM} did not speak: {exc}") from exc
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()[:200]
        if "voice" in said.lower():
            raise NotInstalled(f"{_WANTS} ({said})")
        raise InternalError(f"{_PROGRAM} ended with {done.returncode}: {said}")
    return _read(done.stdout)


def _read(wav: bytes) -> Sound:
    """Return the sound of 16-bit mono WAV that was written to a pipe: its lengths are unknown."""
    start = wav.find(b"data", 12)
    if wav[:4] != b"RIFF" or wav[8:12] != b"WAVE" or start < 0:
        raise InternalError(f"{_PROGRAM} gave no WAV but {len(wav)} bytes")
    (rate,) = struct.unpack_from("<I", wav, 24)
    end = start + 8 + (len(wav) - start - 8) // 2 * 2
    samples = np.frombuffer(wav[start + 8 : end], "<i2")
    return Sound((samples / 32768).astype(np.float32), rate)
