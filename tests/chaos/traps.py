"""Traps in the test's own copies of our processes: at a named point, die, freeze, hang or break.

A trap is set by writing a file named after its point into the folder CHAOS_TRAPS; it springs once.
"""

from __future__ import annotations

import contextlib
import functools
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

FOLDER = "CHAOS_TRAPS"
# Before each stage of the worker, and before each write of the API and its answer.
WORKER_POINTS = ("fetch", "decode", "infer", "render", "store", "result", "finish")
API_POINTS = ("put", "create", "enqueue", "reply")
SIGNALS = {"kill": signal.SIGKILL, "freeze": signal.SIGSTOP, "term": signal.SIGTERM}


def set_trap(folder: Path, point: str, action: str) -> Path:
    """Arm `point`; returns the file that appears once it has sprung.

    Actions: kill, freeze, term (this process), freeze:<pid> (another), hang, memory.
    """
    sprung = folder / f"{point}.sprung"
    sprung.unlink(missing_ok=True)
    waiting = folder / f"{point}.new"
    waiting.write_text(action)
    waiting.rename(folder / point)
    return sprung


def spring(point: str) -> None:
    """Do what the trap at `point` says, if one is set."""
    armed = Path(os.environ[FOLDER]) / point
    with contextlib.suppress(FileNotFoundError):
        sprung = armed.rename(armed.with_name(f"{point}.sprung"))
        _act(sprung.read_text())


def before(point: str, call: Callable) -> Callable:
    """Return `call` with a trap in front of it."""

    @functools.wraps(call)
    def trapped(*args, **kwargs):
        spring(point)
        return call(*args, **kwargs)

    return trapped


def _act(action: str) -> None:
    verb, _, target = action.partition(":")
    if verb in SIGNALS:
        os.kill(int(target or os.getpid()), SIGNALS[verb])
    elif verb == "hang":
        time.sleep(3600)
    elif verb == "memory":
        raise MemoryError("as the trap says")
    else:
        raise ValueError(action)
