"""The faults, one function each: what is broken, how often, and how it passes.

`rows` are the rows of the fault matrix in docs/reliability.md. A scenario only injects; what must
be true afterwards is the same for all and is checked by test_matrix.py.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contract.errors import Poisoned
from contract.ids import new_id
from contract.names.object_keys import result_object
from contract.names.queues import TASK_RUN_JOB, Lane, queue_name
from contract.names.redis_keys import job_key
from tests.chaos.rig import ANSWERED_S, LEASE_S, Rig, send_signal, wait_until
from tests.chaos.traps import API_POINTS, WORKER_POINTS
from tests.services.proxy import Wire
from tests.waits import PATIENT_S
from worker.process.app import make_celery, send

QUEUE = queue_name(Lane.INTERACTIVE)
FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)  # as Debian has it


@dataclass(frozen=True)
class Scenario:
    """One fault; `needs`: what the machine must have.

    `slow` ones run with `make chaos` only, `thorough` ones with `make test-thorough` too, so that
    `make test` has one of each part: a worker, Redis, the object store.
    """

    name: str
    rows: tuple[int, ...]
    run: Callable[[Rig], None]
    slow: bool = False
    thorough: bool = False
    needs: str = ""
    store: str = "s3"
    settings: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, str] = field(default_factory=dict)  # variables of our processes


SCENARIOS: list[Scenario] = []


def fault(name: str, *rows: int, **others: Any) -> Callable:
    """Put the decorated function into the table."""

    def put(run: Callable[[Rig], None]) -> Callable[[Rig], None]:
        SCENARIOS.append(Scenario(name, rows, run, **others))
        return run

    return put


# ---- workers


def kill_workers(rig: Rig, times: int) -> None:
    with rig.loaded():
        for _ in range(times):
            rig.some_accepted()
            with rig.fault():
                rig.worker.kill()
            rig.recovered()


@fault("worker killed (SIGKILL) under load", 1, thorough=True)
def worker_killed(rig: Rig) -> None:
    kill_workers(rig, 2)


@fault("worker killed (SIGKILL) under load, again and again", 1, 30, slow=True)
def worker_killed_often(rig: Rig) -> None:
    kill_workers(rig, 10)


@fault("worker killed before each of its stages", 1, slow=True)
def worker_killed_at_each_stage(rig: Rig) -> None:
    at_each_stage(rig, "kill")


@fault("worker told to stop (SIGTERM) before each of its stages", 3, slow=True)
def worker_stopped_at_each_stage(rig: Rig) -> None:
    at_each_stage(rig, "term")


def at_each_stage(rig: Rig, action: str) -> None:
    with rig.loaded():
        for point in WORKER_POINTS:
            with rig.fault():
                rig.trap(point, action)
            rig.recovered()


@fault("worker frozen beyond its lease while it stores, then thawed; another works on", 1)
def worker_frozen_storing(rig: Rig) -> None:
    rig.add_worker()
    freeze_at(rig, ("store",))


@fault("worker frozen beyond its lease at each stage, then thawed", 1, slow=True)
def worker_frozen_at_each_stage(rig: Rig) -> None:
    rig.add_worker()
    freeze_at(rig, WORKER_POINTS)


def freeze_at(rig: Rig, points: tuple[str, ...]) -> None:
    with rig.loaded():
        for point in points:
            with rig.fault():
                rig.trap(point, "freeze")
                time.sleep(2 * LEASE_S)
                for worker in rig.workers:
                    worker.thaw()
            rig.recovered()


@fault("rolling restarts (SIGTERM) under load", 3, slow=True)
def rolling_restarts(rig: Rig) -> None:
    with rig.loaded():
        for _ in range(2):
            rig.some_accepted()
            pid = rig.worker.pid
            with rig.fault():
                send_signal(rig.worker, signal.SIGTERM)
                wait_until(lambda p=pid: was_restarted(rig, p), "the worker has stopped")
            rig.recovered()


@fault("worker out of memory (allocations fail)", 7, slow=True)
def worker_out_of_memory(rig: Rig) -> None:
    with rig.loaded():
        for point in ("infer", "render"):
            with rig.fault():
                rig.trap(point, "memory")
            rig.recovered()


@fault("worker's address space cut to what it uses (prlimit)", 7, slow=True)
def worker_starved(rig: Rig) -> None:
    with rig.loaded():
        rig.some_accepted()
        with rig.fault():
            limit = f"--as={1024 * used_kib(rig.worker.pid)}"
            subprocess.run(["prlimit", "--pid", str(rig.worker.pid), limit], check=True)
            time.sleep(3)
            rig.worker.kill()  # the kernel's own answer, should the process have survived
        rig.recovered()


def used_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmSize"))


@fault(
    "engine hangs: the watchdog ends the process", 7, extra={"CHAOS_ENGINE_LIMIT_S": "2"}, slow=True
)
def engine_hangs(rig: Rig) -> None:
    with rig.loaded():
        rig.some_accepted()
        pid = rig.worker.pid
        with rig.fault():
            rig.trap("infer", "hang")
            wait_until(lambda: was_restarted(rig, pid), "the watchdog has ended it")
        rig.recovered()


def was_restarted(rig: Rig, pid: int) -> bool:
    return rig.worker.running and rig.worker.pid != pid


# ---- poison


@fault("image that makes the decoder segfault, among others", 4, thorough=True)
def decoder_segfaults(rig: Rig) -> None:
    pid = rig.worker.pid
    with rig.loaded():
        rig.some_accepted(4)
        with rig.fault():
            poisoned = rig.load.submit(rig.images["segfault"])
        rig.recovered()
    assert poisoned is not None
    end = error_of(rig, poisoned)
    assert (end["code"], attempts_of(rig, poisoned)) == (Poisoned.code, 3)
    assert rig.worker.pid == pid, "the worker died with its child"


@fault("image that kills the worker process itself, among others", 4, slow=True)
def image_kills_worker(rig: Rig) -> None:
    rig.load.start(4.0)
    rig.some_accepted(2)
    with rig.fault():
        poisoned = rig.load.submit(rig.images["kill-worker"])
    time.sleep(1)
    rig.load.stop()
    rig.recovered(120)
    assert poisoned is not None
    assert error_of(rig, poisoned)["code"] == Poisoned.code
    assert 1 <= rig.supervisor.restarts["worker"] <= 3, rig.supervisor.restarts


@fault("image on which the decoder never ends", 5, slow=True)
def decoder_hangs(rig: Rig) -> None:
    with rig.loaded():
        with rig.fault():
            hung = rig.load.submit(rig.images["hang"])
        rig.recovered()
    assert hung is not None
    assert error_of(rig, hung)["code"] == "image_undecodable"


def error_of(rig: Rig, job_id: str) -> dict[str, Any]:
    return json.loads(rig.store.get(result_object(job_id)))["error"]


def attempts_of(rig: Rig, job_id: str) -> int:
    return json.loads(rig.store.get(result_object(job_id)))["attempt"]


# ---- messages


@fault("messages lost from the queue", 2, thorough=True)
def messages_lost(rig: Rig) -> None:
    with rig.supervisor.leaving_down(rig.worker):
        rig.worker.kill()
        with rig.loaded():
            rig.some_accepted()
        with rig.fault(), rig.valkey.client() as redis:
            assert redis.delete(QUEUE)
    rig.recovered()


@fault("every message delivered five times, to two workers", 24, slow=True)
def messages_repeated(rig: Rig) -> None:
    rig.add_worker()
    celery = make_celery(rig.settings)
    with rig.loaded():
        rig.some_accepted()
        for each in rig.ledger.accepted()[-8:]:
            with rig.fault():
                for _ in range(5):
                    send(celery, TASK_RUN_JOB, each.id, Lane.INTERACTIVE)
        rig.recovered()


@fault("messages of an unknown task, which Celery throws away", 26, slow=True)
def unknown_task(rig: Rig) -> None:
    celery = make_celery(rig.settings)
    with rig.supervisor.leaving_down(rig.worker):
        rig.worker.kill()
        with rig.loaded():
            rig.some_accepted()
        with rig.fault(), rig.valkey.client() as redis:
            redis.delete(QUEUE)
            for each in rig.ledger.accepted():
                send(celery, "depthq.of_another_version", each.id, Lane.INTERACTIVE)
    rig.recovered()


@fault("garbage in the queue, which ends a Celery worker", 27, slow=True)
def garbage(rig: Rig) -> None:
    with rig.loaded():
        for text in ("garbage", json.dumps({"body": "e30="}), "\x00\xff"):
            rig.some_accepted(4)
            with rig.fault(), rig.valkey.client() as redis:
                redis.lpush(QUEUE, text)
            rig.recovered()


# ---- the API


@fault("API killed between each two of its writes", 19, thorough=True)
def api_killed_between_writes(rig: Rig) -> None:
    with rig.loaded():
        for point in API_POINTS:
            with rig.fault():
                rig.trap(point, "kill")
            rig.some_accepted(3)
            rig.recovered()


@fault("one submission sent ten times at once, with an idempotency key", 20, thorough=True)
def submission_repeated(rig: Rig) -> None:
    image = rig.images["crop-0"]
    for number in range(3):
        with rig.fault(), ThreadPoolExecutor(10) as pool:
            ids = set(pool.map(lambda _, n=number: once(rig, image, f"key-{n}"), range(10)))
        assert len(ids) == 1, "one key became several jobs"
        rig.ledger.note(ids.pop(), image.name)
    rig.recovered()


def once(rig: Rig, image: Any, key: str) -> str:
    url = f"{rig.api.url}/v1/jobs?size=model"
    headers = {"Content-Type": "image/jpeg", "Idempotency-Key": key}
    request = urllib.request.Request(url, image.data, headers)
    with urllib.request.urlopen(request, timeout=PATIENT_S) as reply:
        return str(json.load(reply)["id"])


# ---- Redis


def redis_down(rig: Rig, *pauses_s: float) -> None:
    with rig.loaded():
        for pause_s in pauses_s:
            rig.some_accepted()
            with rig.fault():
                rig.valkey.kill()
                time.sleep(pause_s)
                rig.valkey.start()
            rig.recovered()


@fault("Redis killed, back after a second", 8, slow=True)
def redis_killed(rig: Rig) -> None:
    redis_down(rig, 1)


@fault("Redis killed, back after 1, 10 and 60 s", 8, slow=True)
def redis_killed_for_long(rig: Rig) -> None:
    redis_down(rig, 1, 10, 60)


@fault("Redis wiped: empty, with jobs accepted", 10)
def redis_wiped(rig: Rig) -> None:
    with rig.loaded():
        for _ in range(2):
            rig.some_accepted()
            with rig.fault():
                rig.valkey.wipe()
            rig.recovered()


@fault("Redis loses the end of its log", 11, slow=True)
def redis_log_cut(rig: Rig) -> None:
    with rig.supervisor.leaving_down(rig.worker):
        rig.worker.kill()
        with rig.loaded():
            rig.some_accepted()
        with rig.fault():
            rig.valkey.kill()
            [log] = (rig.valkey.folder / "appendonlydir").glob("*.incr.aof")
            os.truncate(log, max(0, log.stat().st_size - 3_000))
            rig.valkey.start()
    rig.recovered()


@fault("Redis frozen for 40 s", 9, slow=True)
def redis_frozen(rig: Rig) -> None:
    freeze(rig, rig.valkey, 40)


@fault("Redis frozen for 7 s: answers within 10 s", 9, thorough=True)
def redis_frozen_briefly(rig: Rig) -> None:
    freeze(rig, rig.valkey, 7)


def freeze(rig: Rig, server: Any, seconds: float) -> None:
    with rig.loaded():
        rig.some_accepted()
        with rig.fault():
            server.freeze()
            time.sleep(seconds)
            server.thaw()
        rig.recovered()
    assert rig.load.longest_s < ANSWERED_S, f"a request took {rig.load.longest_s:.1f} s"


@fault("Redis frozen between each two writes of the API", 9, slow=True)
def redis_frozen_between_writes(rig: Rig) -> None:
    with rig.loaded():
        for point in API_POINTS:
            rig.some_accepted(3)
            with rig.fault():
                rig.trap(point, f"freeze:{rig.valkey.pid}")
                time.sleep(12)
                rig.valkey.thaw()
            rig.recovered()
    assert rig.load.longest_s < ANSWERED_S, f"a request took {rig.load.longest_s:.1f} s"


@fault("all connections to Redis cut", 14, slow=True)
def redis_cut(rig: Rig) -> None:
    with rig.loaded():
        for _ in range(5):
            rig.some_accepted(4)
            with rig.fault():
                rig.redis_wire.cut()
            rig.recovered()


@fault("half-open connections to Redis: replies vanish for 20 s", 14, slow=True)
def redis_half_open(rig: Rig) -> None:
    with rig.loaded():
        rig.some_accepted()
        with rig.fault():
            rig.redis_wire.wire = Wire(drops_replies=True)
            time.sleep(20)
            rig.redis_wire.heal()
        rig.recovered(120)


@fault("half-open connections to Redis that are never reset", 14, slow=True)
def redis_black_hole(rig: Rig) -> None:
    with rig.loaded():
        rig.some_accepted()
        with rig.fault():
            rig.redis_wire.silence_open_connections()
        rig.recovered(150)


@fault("replies of Redis lost after the write", 14, 17, slow=True)
def redis_replies_lost(rig: Rig) -> None:
    with rig.loaded():
        for _ in range(5):
            rig.some_accepted(3)
            with rig.fault():
                rig.redis_wire.wire = Wire(lose_replies=3)
                wait_until(lambda: rig.redis_wire.wire.lose_replies == 0, "replies were lost")
            rig.recovered()


@fault("Redis out of memory (maxmemory)", 12, slow=True)
def redis_full(rig: Rig) -> None:
    with rig.loaded():
        rig.some_accepted()
        with rig.fault(), rig.valkey.client() as redis:
            redis.config_set("maxmemory", "1mb")
            time.sleep(3)
            redis.config_set("maxmemory", "0")
        rig.recovered()


@fault("Redis' disk full", 13, slow=True, needs="tmpfs for redis")
def redis_disk_full(rig: Rig) -> None:
    filler = rig.valkey.folder / "filler"
    with rig.loaded():
        rig.some_accepted()
        with rig.fault():
            fill(filler)
            time.sleep(8)
            filler.unlink()
        rig.recovered(120)


def fill(path: Any) -> None:
    """Write until the disk is full."""
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            return


# ---- S3


@fault("S3 down for 4 s", 15, slow=True)
def s3_down_briefly(rig: Rig) -> None:
    s3_down(rig, 4)


@fault(
    "S3 down for longer than workers wait, so that jobs are given back again and again",
    15,
    slow=True,
    extra={"CHAOS_PATIENCE_S": "3"},
)
def s3_down_for_long(rig: Rig) -> None:
    s3_down(rig, 60)


def s3_down(rig: Rig, seconds: float) -> None:
    with rig.loaded():
        rig.some_accepted()
        with rig.fault():
            rig.s3.kill()
            time.sleep(seconds)
            rig.s3.start()
        rig.recovered(120)


@fault("S3 frozen for 6 s: answers within 10 s", 16, thorough=True)
def s3_frozen(rig: Rig) -> None:
    freeze(rig, rig.s3, 6)


@fault("S3 frozen for 40 s: answers within 10 s", 16, slow=True)
def s3_frozen_long(rig: Rig) -> None:
    freeze(rig, rig.s3, 40)


@fault("S3 slow: every piece 200 ms late", 16, slow=True)
def s3_slow(rig: Rig) -> None:
    wired(rig, Wire(latency_s=0.2), 4)


@fault("S3 answers 500, 503, 507, 403", 16, slow=True)
def s3_refuses(rig: Rig) -> None:
    for status in (500, 503, 507, 403):
        wired(rig, Wire(answer=status), 1.5)


@fault("S3 refuses connections", 16, slow=True)
def s3_refuses_connections(rig: Rig) -> None:
    wired(rig, Wire(refuse=True), 2, cut=True)


@fault("S3 is a black hole for 15 s", 16, slow=True)
def s3_black_hole(rig: Rig) -> None:
    wired(rig, Wire(silent=True), 15)
    assert rig.load.longest_s < ANSWERED_S, f"a request took {rig.load.longest_s:.1f} s"


def wired(rig: Rig, wire: Wire, seconds: float, *, cut: bool = False) -> None:
    with rig.loaded():
        rig.some_accepted(4)
        with rig.fault():
            rig.s3_wire.wire = wire
            if cut:
                rig.s3_wire.cut()
            time.sleep(seconds)
            rig.s3_wire.heal()
        rig.recovered(120)


@fault("replies of S3 lost after the write", 17)
def s3_replies_lost(rig: Rig) -> None:
    with rig.loaded():
        for _ in range(4):
            with rig.fault():
                rig.s3_wire.wire = Wire(lose_replies=3)
                wait_until(lambda: rig.s3_wire.wire.lose_replies == 0, "replies were lost")
            rig.recovered()


@fault("S3 downloads cut in the middle", 16, slow=True)
def s3_cut(rig: Rig) -> None:
    wired(rig, Wire(cut_after_bytes=2_000), 5)


# ---- disks, clocks


@fault("disk of the filesystem store full", 18, slow=True, needs="tmpfs", store="files")
def disk_full(rig: Rig) -> None:
    filler = rig.settings.data_dir / "filler"
    with rig.loaded():
        rig.some_accepted()
        with rig.fault():
            fill(filler)
            time.sleep(5)
            filler.unlink()
        rig.recovered(120)


@fault(
    "one worker's clock an hour ahead, another's an hour behind",
    25,
    slow=True,
    needs="faketime",
    store="files",
)
def clocks_wrong(rig: Rig) -> None:
    library = str(FAKETIME)
    with rig.supervisor.leaving_down(rig.worker):
        rig.worker.kill()
        for step in ("+1h", "-1h"):
            with rig.fault():
                rig.add_worker(LD_PRELOAD=library, FAKETIME=step, FAKETIME_DONT_FAKE_MONOTONIC="1")
        with rig.loaded():
            rig.some_accepted(30)
        rig.recovered()


@fault("garbage in the ledger: an index entry without a record", 2, slow=True)
def ghosts(rig: Rig) -> None:
    with rig.fault(), rig.valkey.client() as redis:
        ghost = new_id()
        redis.zadd("depthq:queued:interactive", {ghost: 1.0})
        redis.zadd("depthq:running:interactive", {new_id(): 1.0})
        assert not redis.exists(job_key(ghost))
    with rig.loaded():
        rig.some_accepted()
    rig.recovered()
