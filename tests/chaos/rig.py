"""The whole service behind proxies that can break, with a supervisor, a load and a ledger."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from contract.errors import NotFound
from contract.names.object_keys import result_object
from contract.names.queues import Lane
from contract.settings import Settings
from storage.jobs.store import JobStore
from storage.ledger.connection import open_redis
from storage.objects.open import open_object_store
from tests.chaos import traps
from tests.chaos.images import Image
from tests.chaos.invariants import Verdict, judge
from tests.chaos.ledger import Ledger
from tests.chaos.load import Load
from tests.chaos.supervisor import Supervisor
from tests.services.depthq import ApiProcess, WorkerProcess
from tests.services.process import ServiceProcess
from tests.services.proxy import TcpProxy
from tests.services.s3server import S3Server
from tests.services.valkey import ValkeyServer
from tests.waits import PATIENT_S

RESULTS = "CHAOS_RESULTS"  # a folder: each scenario leaves a file there, for the report
LEASE_S = 2.0
RATE_PER_S = 5.0
BURST_CLIENTS = 4
RECOVERED_S = 180.0  # a bound, not a budget: the machine may be busy
# A promise of docs/reliability.md, held to by `make chaos`, which has the machine to itself. Beside
# other tests a request waits for the processor too, and has to end only.
ANSWERED_S = 10.0 if os.environ.get(RESULTS) else PATIENT_S


class FaultyWorker(WorkerProcess):
    """Our worker with traps."""

    module = "tests.chaos.faulty_worker"

    def __init__(self, settings: Settings, folder: Path, extra: dict[str, str]) -> None:
        super().__init__(settings, folder)
        self._extra = extra

    def environment(self) -> dict[str, str]:
        return {**super().environment(), **self._extra}


class FaultyApi(ApiProcess):
    """Our API with traps."""

    module = "tests.chaos.faulty_api"

    def __init__(self, settings: Settings, folder: Path, extra: dict[str, str]) -> None:
        super().__init__(settings, folder)
        self._extra = extra

    def environment(self) -> dict[str, str]:
        return {**super().environment(), **self._extra}


@dataclass
class Numbers:
    """What a run adds to its verdict."""

    injected: int = 0
    recoveries_s: list[float] | None = None


class Rig:
    """A running service. `with rig.fault(): …` injects, `rig.recovered()` waits for the cure."""

    def __init__(
        self,
        folder: Path,
        valkey: ValkeyServer,
        images: dict[str, Image],
        s3: S3Server | None,
        bucket: str = "",
        **changes: object,
    ) -> None:
        self.folder, self.valkey, self.s3, self.images = folder, valkey, s3, images
        self.redis_wire = TcpProxy(valkey.port)
        self.s3_wire = TcpProxy(s3.port) if s3 else None
        common = {
            "redis_url": f"redis://127.0.0.1:{self.redis_wire.port}/0",
            "engine": "simulated",
            "data_dir": folder / "data",
            "lease_s": LEASE_S,
            "reconcile_interval_s": 0.3,
            "decode_processes": 2,
            "decode_timeout_s": 5.0,
            **changes,
        }
        if s3 is None or self.s3_wire is None:
            self.settings = self.direct = Settings(**common)
        else:
            self.direct = s3.settings(bucket, **{**common, "redis_url": valkey.url})
            wire = f"http://127.0.0.1:{self.s3_wire.port}"
            self.settings = self.direct.model_copy(
                update={"s3_endpoint_url": wire, "redis_url": common["redis_url"]}
            )
        self.supervisor = Supervisor()
        self.traps = folder / "traps"
        self.traps.mkdir()
        self.extra = {traps.FOLDER: str(self.traps)}
        self.store = open_object_store(self.direct)
        self.ledger = Ledger(folder / "accepted.jsonl")
        self.numbers = Numbers(recoveries_s=[])
        self._over: set[str] = set()  # jobs that were seen to have a result
        self._passed_at = time.monotonic()
        self.api = FaultyApi(self.settings, folder / "api", self.extra)
        self.worker = FaultyWorker(self.settings, folder / "worker", self.extra)
        self.workers = [self.worker]
        self.load = Load(self.api.url, [i for i in images.values() if i.files], self.ledger)

    def start(self) -> None:
        """Start what accepts and what works."""
        self.store.check()
        self.supervisor.keep(self.api)
        self.supervisor.keep(self.worker)

    def add_worker(self, **extra: str) -> FaultyWorker:
        """Start another worker."""
        folder = self.folder / f"worker-{len(self.workers)}"
        worker = FaultyWorker(self.settings, folder, {**self.extra, **extra})
        self.workers.append(worker)
        self.supervisor.keep(worker)
        return worker

    def stop(self) -> None:
        """Stop everything that was started."""
        self.load.stop()
        self.redis_wire.heal()
        if self.s3_wire:
            self.s3_wire.heal()
        self.valkey.thaw()
        self.supervisor.stop()
        self.redis_wire.close()
        if self.s3_wire:
            self.s3_wire.close()

    @contextlib.contextmanager
    def loaded(self, per_s: float = RATE_PER_S) -> Iterator[None]:
        """Have clients submit while the block runs."""
        self.load.start(per_s)
        try:
            yield
        finally:
            self.load.stop()

    @contextlib.contextmanager
    def fault(self) -> Iterator[None]:
        """Count what the block does as one injected fault, which has passed at its end."""
        self.numbers.injected += 1
        yield
        self._passed_at = time.monotonic()

    def some_accepted(self, count: int = 8) -> None:
        """Wait until so many more jobs have been accepted, the last of them this moment.

        Beside the steady load comes a burst, so that the next fault finds work in every stage.
        """
        self._burst(count)
        wanted = len(self.ledger.accepted()) + 1
        wait_until(
            lambda: len(self.ledger.accepted()) >= wanted, f"{count} jobs accepted", RECOVERED_S
        )

    def _burst(self, count: int) -> None:
        good = [image for image in self.images.values() if image.files]
        with ThreadPoolExecutor(BURST_CLIENTS) as pool:
            list(pool.map(lambda n: self.load.submit(good[n % len(good)]), range(count)))

    def recovered(self, timeout_s: float = RECOVERED_S) -> None:
        """Wait until all that was accepted so far has ended; note how long the fault was felt."""
        due = {each.id for each in self.ledger.accepted()}
        wait_until(lambda: self._ended(due), "all accepted jobs ended", timeout_s)
        assert self.numbers.recoveries_s is not None
        self.numbers.recoveries_s.append(time.monotonic() - self._passed_at)

    def _ended(self, due: set[str]) -> bool:
        """Tell whether all have a result; nothing is listed, and a result is asked for once."""
        for job_id in due - self._over:
            try:
                self.store.head(result_object(job_id))
            except NotFound:
                return False
            self._over.add(job_id)
        return True

    def trap(self, point: str, action: str, timeout_s: float = RECOVERED_S) -> None:
        """Set a trap and wait until it has sprung."""
        sprung = traps.set_trap(self.traps, point, action)
        wait_until(sprung.exists, f"the trap at {point} springs", timeout_s)

    def verdict(self) -> Verdict:
        """Wait for the last job, then judge; also that nothing is left over in the ledger."""
        due = {each.id for each in self.ledger.accepted()}
        with contextlib.suppress(TimeoutError):  # the judge says what is missing
            wait_until(lambda: self._ended(due), "all jobs ended", RECOVERED_S)
        verdict = judge(self.store, self.ledger.accepted(), self.images)
        self._nothing_left(verdict)
        return verdict

    def _nothing_left(self, verdict: Verdict) -> None:
        with open_redis(self.direct.model_copy(update={"redis_url": self.valkey.url})) as redis:
            jobs = JobStore(redis)
            with contextlib.suppress(TimeoutError):
                wait_until(lambda: not _open(jobs), "no job is open", RECOVERED_S)
            if _open(jobs):
                verdict.complaints.append(f"{_open(jobs)} jobs are still open in Redis")
            for each in self.ledger.accepted():
                record = jobs.get(each.id)
                if record is not None and not record.state.terminal:
                    verdict.lost += 1
                    verdict.complaints.append(f"{each.id} is {record.state} in Redis")


def _open(jobs: JobStore) -> int:
    backlogs = [jobs.backlog(lane) for lane in Lane]
    return sum(backlog.queued + backlog.running for backlog in backlogs)


def send_signal(process: ServiceProcess, number: int) -> None:
    """Send a signal to a process of ours."""
    os.kill(process.pid, number)


def wait_until(condition: Callable[[], bool], what: str, timeout_s: float = RECOVERED_S) -> None:
    """Return once `condition()` holds; TimeoutError, naming `what`, if it never does."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout_s:g} s in vain until {what}")
        time.sleep(0.15)
