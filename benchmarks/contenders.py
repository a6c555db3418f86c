"""The programs that are compared, behind one interface: each runs at full load for some seconds."""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np

from benchmarks import clocks
from benchmarks.context import Context
from benchmarks.load import Outcome, Target, drive
from benchmarks.machine import ROOT, busy_s
from benchmarks.peers.environment import python_with
from benchmarks.stack import BUCKET, Program, Stack
from contract.settings import Settings, environment
from storage.objects.open import open_object_store
from tests.services.choose import choose_s3
from tests.services.process import ServiceProcess
from tests.services.s3server import S3Server
from tests.waits import wait_until
from worker.advice import advise
from worker.engines.factory import open_engine

MAX_BATCH = 8
SHAPE = (192, 256)  # what a 4:3 picture becomes
IN_FLIGHT = 16  # two full batches: one is computed while the other is read and written


class Contender(Protocol):
    """Can be measured, and frozen while others are."""

    name: str

    def measure(self, seconds: float) -> Outcome:
        """Work at full load for `seconds`."""

    def pause(self) -> None:
        """Use no CPU until `resume`."""

    def resume(self) -> None:
        """Be ready to be measured."""

    def stop(self) -> None:
        """End for good."""


class BareEngine:
    """The default engine in a loop, on full batches already in memory.

    With as many streams as the worker chooses here, each fed by a thread of its own; or with one.
    """

    def __init__(self, name: str = "bare engine", streams: int | None = None) -> None:
        settings = Settings(max_batch=MAX_BATCH)
        self.name = name
        self._engine = open_engine(settings, streams or advise(settings).streams)
        self._engine.load()
        self._engine.warm_up([SHAPE])
        dice = np.random.default_rng(0)
        size = (self._engine.max_batch, 3, *SHAPE)
        self._batch = dice.standard_normal(size).astype(np.float32)

    def measure(self, seconds: float) -> Outcome:
        """Run batches; latency is that of one batch."""
        used, machine, began = _own_cpu_s(), busy_s(), time.perf_counter()
        taken: list[float] = []

        def loop(_stream: int) -> None:
            while (start := time.perf_counter()) - began < seconds:
                self._engine.infer(self._batch)
                taken.append((time.perf_counter() - start) * 1e3)

        with ThreadPoolExecutor(self._engine.streams) as pool:
            list(pool.map(loop, range(self._engine.streams)))
        elapsed, used = time.perf_counter() - began, _own_cpu_s() - used
        others = max(0.0, busy_s() - machine - used)
        count = len(taken) * len(self._batch)
        p50, p95 = float(np.percentile(taken, 50)), float(np.percentile(taken, 95))
        cpu = {"engine": used * 1e3 / count, "others": others * 1e3 / count}
        return Outcome(count, count / elapsed, p50, p95, max(taken), 0.0, cpu, {}, {})

    def single_ms(self, calls: int = 40) -> float:
        """Return the median time of one image alone."""
        taken = []
        for _ in range(calls):
            start = time.perf_counter()
            self._engine.infer(self._batch[:1])
            taken.append((time.perf_counter() - start) * 1e3)
        return float(np.median(taken))

    def pause(self) -> None:
        """It rests between measurements."""

    def resume(self) -> None:
        """Nothing to do."""

    def stop(self) -> None:
        """Nothing to do."""


class OnStack:
    """A contender that runs on a Stack: it is frozen and thawed with it."""

    stack: Stack

    def pause(self) -> None:
        """Freeze every process."""
        self.stack.pause()

    def resume(self) -> None:
        """Thaw every process and give leases and connections a moment."""
        self.stack.resume()
        time.sleep(0.3)


class Service(OnStack):
    """The whole service over HTTP."""

    def __init__(
        self, name: str, folder: Path, images: Sequence[Path], *, s3: bool,
        query: str = "size=model", s3_folder: Path | None = None,
    ) -> None:  # fmt: skip
        self.name = name
        self.stack = Stack(folder, s3=s3, s3_folder=s3_folder).__enter__()
        self._images = images
        self.target = Target(name, self.stack.port, f"/v1/jobs?{query}")

    def measure(self, seconds: float, *, rate: float = 0.0) -> Outcome:
        """Keep IN_FLIGHT jobs going, or let `rate` a second arrive."""
        reads: list[int] = []

        def clocks_and_counts() -> dict[str, float]:
            reads.append(self.stack.redis_reads())
            return self.stack.cpu_s()

        outcome = drive(
            self.target, self._images, measure_s=seconds, rate=rate,
            in_flight=0 if rate else IN_FLIGHT, cpu_s=clocks_and_counts,
        )  # fmt: skip
        return replace(outcome, redis_round_trips=(reads[-1] - reads[0]) / outcome.images)

    def stop(self) -> None:
        """Stop the stack."""
        self.stack.resume()
        self.stack.stop()


def in_memory(
    context: Context, images: Sequence[Path], query: str = "size=model"
) -> dict[str, Callable[[], Service]]:
    """Return the maker of a service whose S3 server has no disk to wait for, where that can be."""
    name, folder = "service, S3 in memory", context.scratch / f"memory-{query}"
    if (memory := context.memory) is None:
        return {}
    return {
        name: lambda: Service(
            name, folder, images, s3=True, query=query, s3_folder=memory / folder.name
        )
    }


class AtOnce(Service):
    """The whole service, asked for one output at once, of which it keeps nothing."""

    def __init__(self, folder: Path, images: Sequence[Path], query: str = "size=model") -> None:
        super().__init__("service, at once", folder, images, s3=False)
        path = f"/v1/depth?output=heatmap&{query}"
        self.target = Target(self.name, self.stack.port, path, style="answer")


class Peer:
    """A peer's HTTP server."""

    def __init__(
        self, name: str, folder: Path, images: Sequence[Path], command: list[str], *,
        path: str = "/predict",
        body: str = "raw", in_flight: int = IN_FLIGHT, original_size: bool = False,
        variables: dict[str, str] | None = None, freezes: bool = True, keeps: str = "files",
    ) -> None:  # fmt: skip
        self.name = name
        self._s3 = bucket_beside(folder) if keeps == "s3" else None
        outputs = folder / "outputs"
        outputs.mkdir(parents=True)
        port = ServiceProcess(folder).port
        given = environment() | {
            "PEER_FOLDER": str(outputs),
            "PEER_SIZE": "original" if original_size else "model",
            "PEER_KEEPS": keeps,
            **(self._s3.variables(BUCKET) if self._s3 else {}),
            "PYTHONPATH": str(ROOT),
            **(variables or {}),
        }
        filled = [word.replace("{port}", str(port)) for word in command]
        self._process = Program(name, folder, filled, given)
        self._process.port = port
        self._process.start()
        self._images, self._in_flight, self._freezes = images, in_flight, freezes
        self.target = Target(name, port, path, style="answer", body=body)
        self._await_first_answer()

    def _await_first_answer(self) -> None:
        def answered() -> bool:
            if not self._process.running:
                raise RuntimeError(f"{self.name} ended at start:\n{self._process.tail()}")
            try:
                drive(self.target, self._images, measure_s=0.5, warm_s=0, in_flight=1)
            except RuntimeError:
                time.sleep(0.3)
                return False
            return True

        try:
            wait_until(answered, f"{self.name} answers", 60)
        except BaseException:
            self.stop()
            raise

    def measure(self, seconds: float) -> Outcome:
        """Keep the same number of requests going."""
        roots = {self.name: self._process.pid}
        if self._s3:
            roots[self._s3.name] = self._s3.pid
        return drive(
            self.target, self._images, measure_s=seconds, in_flight=self._in_flight,
            cpu_s=lambda: clocks.cpu_s(roots),
        )  # fmt: skip

    def pause(self) -> None:
        """Freeze the server and all its children."""
        if self._freezes:
            clocks.signal_tree(self._process.pid, stop=True)
            if self._s3:
                self._s3.freeze()

    def resume(self) -> None:
        """Thaw them."""
        if self._s3:
            self._s3.thaw()
        clocks.signal_tree(self._process.pid, stop=False)

    def stop(self) -> None:
        """End the server and all its children."""
        if self._process.running:
            self.resume()
            clocks.end_tree(self._process.pid)
        self._process.stop()
        if self._s3:
            self._s3.stop()


def bucket_beside(folder: Path) -> S3Server:
    """Start an S3 server for one peer, as the service's own row has one, and make its bucket."""
    server = choose_s3(folder, {})
    server.start()
    open_object_store(server.settings(BUCKET)).check()
    return server


def plain(folder: Path, images: Sequence[Path], *, original_size: bool = False) -> Peer:
    """Flask + torch eager."""
    command = [sys.executable, "-m", "benchmarks.peers.plain", "{port}"]
    return Peer("plain way (Flask, torch eager)", folder, images, command,
                original_size=original_size)  # fmt: skip


KEPT = {"files": "", "nothing": ", keeps nothing", "s3": ", S3"}


def litserve(folder: Path, images: Sequence[Path], keeps: str = "files") -> Peer:
    """LitServe with batching."""
    command = [python_with("litserve"), "-m", "benchmarks.peers.lit", "{port}"]
    name = f"LitServe, batching, same engine{KEPT[keeps]}"
    return Peer(name, folder, images, command, body="json", keeps=keeps)


def bentoml(folder: Path, images: Sequence[Path], keeps: str = "files") -> Peer:
    """BentoML with adaptive batching; after it was frozen it would take itself for overloaded."""
    python = python_with("bentoml")
    command = [python, "-m", "bentoml", "serve", "benchmarks.peers.bento:Front", "--port", "{port}",
               "--working-dir", str(ROOT)]  # fmt: skip
    variables = {
        "BENTOML_HOME": str(folder / "home"), "BENTOML_DO_NOT_TRACK": "True",
        "PATH": f"{Path(python).parent}{os.pathsep}{os.environ['PATH']}",
    }  # fmt: skip
    return Peer(
        f"BentoML, batching, same engine{KEPT[keeps]}",
        folder,
        images,
        command,
        body="form",
        variables=variables,
        freezes=False,
        keeps=keeps,
    )


def _own_cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
