"""Many files at once, a bounded number in flight: one outcome per file, always."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from client.bulk.names import flat_names
from client.depth_client import DepthClient
from client.errors import LocalProblem, ServiceUnreachable
from client.job import Job
from client.plain import visible
from contract.errors import DepthqError, InternalError, ModelNotServed, Unauthorized

# What meets every other file too: no service, no valid key, no worker with the model.
MET_BY_ALL = (ServiceUnreachable, Unauthorized, ModelNotServed)


@dataclass(frozen=True)
class FileRequest:
    """The request for every file."""

    options: Mapping[str, Any] = field(default_factory=dict)
    wait: bool = False
    out: Path | None = None
    timeout_s: float | None = None


@dataclass(frozen=True)
class Outcome:
    """The outcome of one file; `error` is None exactly when it succeeded."""

    path: Path
    job: Job | None = None
    files: Mapping[str, Path] = field(default_factory=dict)
    error: DepthqError | None = None
    took_s: float = 0.0


def run_batch(
    client: DepthClient, paths: Sequence[Path], wish: FileRequest, in_flight: int
) -> Iterator[Outcome]:
    """Yield an outcome per file as they end.

    Stops at the first file that meets what every other would: the files not yet begun have no
    outcome then.
    """
    todo = queue.SimpleQueue[tuple[Path, str]]()
    names = flat_names(paths)
    for path in paths:
        todo.put((path, names[path]))
    done = queue.SimpleQueue[Outcome | None]()
    # Daemons: Ctrl-C must not wait for the answers to long polls.
    hands = [
        threading.Thread(target=_work, args=(client, wish, todo, done), daemon=True)
        for _ in range(min(in_flight, len(paths)))
    ]
    for hand in hands:
        hand.start()
    working = len(hands)
    while working:
        outcome = done.get()
        if outcome is None:
            working -= 1
            continue
        yield outcome


def _work(
    client: DepthClient,
    wish: FileRequest,
    todo: queue.SimpleQueue[tuple[Path, str]],
    done: queue.SimpleQueue[Outcome | None],
) -> None:
    try:
        while True:
            outcome = run_one(client, *todo.get_nowait(), wish)
            if isinstance(outcome.error, MET_BY_ALL):
                _empty(todo)
            done.put(outcome)
    except queue.Empty:
        pass
    finally:
        done.put(None)


def _empty(todo: queue.SimpleQueue[tuple[Path, str]]) -> None:
    while True:
        try:
            todo.get_nowait()
        except queue.Empty:
            return


def run_one(client: DepthClient, path: Path, stem: str, wish: FileRequest) -> Outcome:
    """Submit one file and process it as requested; errors become part of the outcome."""
    started_at = time.monotonic()
    job: Job | None = None
    files: Mapping[str, Path] = {}
    error: DepthqError | None = None
    took_s = 0.0
    try:
        job = client.submit(path, **wish.options)
        if wish.wait or wish.out:
            job = client.wait(job.id, wish.timeout_s)
            took_s = time.monotonic() - started_at
            error = job.error
        if wish.out and error is None:
            files = client.download(job, wish.out, stem=stem)
    except DepthqError as exc:
        error = exc
    except OSError as exc:
        error = LocalProblem(f"{visible(str(exc.filename or path))}: {exc.strerror or exc}")
        error.__cause__ = exc
    except Exception as exc:  # a bug here must not leave a file without outcome
        error = InternalError(f"a fault of ours: {exc!r}")
        error.__cause__ = exc
    return Outcome(path, job, files, error, took_s)
