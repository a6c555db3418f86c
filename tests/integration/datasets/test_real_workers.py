"""2,000 real photographs through two real bulk workers that are killed, on a real S3 server."""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections import Counter
from dataclasses import dataclass, field

import pytest

from contract.ids import new_id
from contract.models.declaration import DEFAULT_MODEL
from contract.names.object_keys import dataset_files_prefix, run_prefix
from contract.names.queues import STEP_PLAN, TASK_PLAN_RUN, Lane
from contract.options import JobOptions
from contract.runs import DatasetSpec, RetryRequest, RunRecord, RunRequest
from storage.objects.open import open_object_store, open_run_store
from storage.runs.files import RunObjects
from storage.runs.recovery import run_ids
from tests.conftest import new_bucket
from tests.photographs import crops
from tests.services.depthq import WorkerProcess
from tests.waits import wait_until
from worker.process.app import make_celery, send

COUNT = 2_000
PHOTOS = f"{dataset_files_prefix(None)}photos/"  # where datasets may look in our own bucket
BAD_EVERY = 33  # 3 %
SHARD = 50
STALLED_S = 300  # bulk workers yield to all else: beside other programs they are slow, not still
OPTIONS = JobOptions(size="model")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3_600)]


def _broken(number: int, good: bytes) -> tuple[bytes, set[str]]:
    """Return one of five kinds of broken image, and the codes that fit it."""
    kinds = [
        (b"", {"unsupported_media_type", "image_corrupt"}),
        (b"this is not an image, but text", {"unsupported_media_type"}),
        (good[:100], {"image_corrupt", "image_undecodable"}),  # no size in the header yet
        (b"\xff\xd8\xff\xe0" + bytes(500), {"image_corrupt", "image_undecodable"}),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\1\0\0\0\1\0\0\x08\2\0\0\0" + bytes(4),
         {"image_too_large", "image_corrupt", "image_undecodable"}),
    ]  # fmt: skip
    return kinds[number % len(kinds)]


@dataclass
class Fleet:
    """Two bulk workers and what a test does with them."""

    settings: object
    valkey: object
    workers: list[WorkerProcess]
    codes: dict[str, set[str]] = field(default_factory=dict)  # broken uri → codes that fit

    def __post_init__(self):
        self.objects = open_object_store(self.settings)
        self.files = RunObjects(self.objects)
        self.ledger = open_run_store(self.settings)

    def upload(self):
        """Put the photographs into our own bucket; every 33rd is broken."""
        bucket = self.settings.s3_bucket
        for number, good in enumerate(crops(COUNT)):
            data, key = good, f"{PHOTOS}{number:05d}.jpg"
            if number % BAD_EVERY == 0:
                data, codes = _broken(number // BAD_EVERY, good)
                self.codes[f"s3://{bucket}/{key}"] = codes
            self.objects.put(key, data, media_type="image/jpeg")

    def submit(self) -> str:
        """Do what the API does."""
        prefix = f"s3://{self.settings.s3_bucket}/{PHOTOS}"
        spec = DatasetSpec(prefix=prefix, options=OPTIONS, shard_size=SHARD)
        request = RunRequest(id=new_id(), created_at=time.time(), spec=spec)
        self.files.write_request(request)
        self.ledger.create(RunRecord(request=request))
        self.plan(request.id)
        return request.id

    def plan(self, dataset_id):
        """Ask for planning."""
        app = make_celery(self.settings)
        send(app, TASK_PLAN_RUN, f"{dataset_id}/{STEP_PLAN}", Lane.BULK, DEFAULT_MODEL)

    def wait(self, dataset_id, until=lambda record: record.state.terminal) -> RunRecord:
        """Wait as long as items end."""
        deadline = time.monotonic() + STALLED_S
        record = seen = None
        while time.monotonic() < deadline:
            record = self.ledger.get(dataset_id)
            if record is not None and until(record):
                return record
            moved = record and (record.version, record.counts.done, record.in_flight)
            if moved != seen:
                seen, deadline = moved, time.monotonic() + STALLED_S
            time.sleep(0.1)
        raise TimeoutError(str(record) + "\n".join(w.tail() for w in self.workers))

    def takes(self, dataset_id) -> int:
        """Return how often a shard was taken, over all lives of the workers."""
        texts = [worker.log_path.read_text(errors="replace") for worker in self.workers]
        lines = [line for text in texts for line in text.splitlines() if dataset_id in line]
        return sum('"shard taken"' in line for line in lines)

    def outputs(self, dataset_id) -> dict[str, str]:
        """Return the digest of every output, by key without the dataset."""
        prefix = run_prefix(dataset_id) + "outputs/"
        return {
            info.key.removeprefix(prefix): hashlib.sha256(self.objects.get(info.key)).hexdigest()
            for info in self.objects.list(prefix)
        }

    def check(self, dataset_id, record):
        """Assert that everything is there once, and that the books agree."""
        results = [
            result
            for shard in self.files.result_numbers(dataset_id)
            for result in self.files.results(dataset_id, shard)
        ]
        assert len({result.uri for result in results}) == len(results) == COUNT
        states = Counter(result.state for result in results)
        assert (states["succeeded"], states["failed"]) == (COUNT - len(self.codes), len(self.codes))
        assert record.counts.succeeded == states["succeeded"]
        assert record.counts.failed == states["failed"] == sum(record.counts.by_code.values())
        assert self.files.summary(dataset_id).counts == record.counts
        for result in results:
            if result.state == "failed":
                assert result.error.code in self.codes[result.uri], (result.uri, result.error)
        return results


def start(worker):
    """Start a worker; on a busy machine that takes more than the usual patience."""
    try:
        worker.start()
    except TimeoutError:
        wait_until(worker.is_ready, "worker is ready", 180)


@pytest.fixture
def fleet(valkey, s3, tmp_path):
    settings = s3.settings(
        new_bucket(),
        redis_url=valkey.url,
        data_dir=tmp_path / "data",
        precision="fp32",
        lease_s=3.0,
        reconcile_interval_s=0.5,
        decode_processes=1,
        infer_threads=1,
    )
    open_object_store(settings).check()
    workers = [WorkerProcess(settings, tmp_path / f"bulk{n}", "bulk") for n in range(2)]
    fleet = Fleet(settings, valkey, workers)
    try:
        for worker in workers:
            start(worker)
        yield fleet
    finally:
        for worker in workers:
            worker.stop()


def say(**facts):
    """Leave the numbers in the test's output."""
    print("MEASURED " + json.dumps(facts))


@pytest.mark.chaos
def test_kills_and_a_restart_change_nothing_in_the_end(fleet: Fleet):
    # Given the same photographs run once in peace
    fleet.upload()
    began = time.monotonic()
    peace = fleet.submit()
    record = fleet.wait(peace)
    peace_s = time.monotonic() - began
    results = fleet.check(peace, record)
    expected = fleet.outputs(peace)
    assert len(expected) == 2 * record.counts.succeeded
    for result in results:
        for name, file in result.outputs.items():
            assert expected[f"{result.id}/{file.key.rpartition('/')[2]}"] == file.sha256, name
    say(what="peace", seconds=round(peace_s, 1), codes=record.counts.by_code)
    # When they run again, and five times both workers are killed, and Redis restarts once
    chance = random.Random(7)
    began = time.monotonic()
    war = fleet.submit()
    for round_ in range(5):
        time.sleep(chance.uniform(0.3, 1.0) * peace_s / 4)
        for worker in fleet.workers:
            worker.kill()
        if round_ == 2:
            fleet.valkey.stop()
            fleet.valkey.start()
        for worker in fleet.workers:
            start(worker)
    record = fleet.wait(war)
    war_s = time.monotonic() - began
    # Then nothing is lost or counted twice, and the bytes are the same
    fleet.check(war, record)
    found = fleet.outputs(war)
    differing = sum(found[key] != digest for key, digest in expected.items())
    again = fleet.takes(war) - COUNT // SHARD
    say(
        what="war",
        seconds=round(war_s, 1),
        peace_s=round(peace_s, 1),
        differing=differing,
        shards_taken_again=again,
        kills=10,
    )
    assert again <= 2 * 10
    assert set(found) == set(expected)
    assert differing == 0


@pytest.mark.chaos
def test_a_wiped_redis_resumes_from_the_results_and_a_retry_runs_only_the_failures(fleet: Fleet):
    # Given a dataset in the middle of its work
    fleet.upload()
    dataset_id = fleet.submit()
    record = fleet.wait(dataset_id, lambda record: record.counts.done > COUNT / 3)
    for worker in fleet.workers:
        worker.kill()
    done = sum(1 for _ in fleet.files.result_numbers(dataset_id))
    before = {
        r.id: r
        for n in fleet.files.result_numbers(dataset_id)
        for r in fleet.files.results(dataset_id, n)
    }
    # When Redis is wiped and `depthq reconcile` has run
    fleet.valkey.wipe()
    from worker.reconcile import reconcile

    assert list(run_ids(fleet.objects)) == [dataset_id]
    counts = reconcile(fleet.settings, days=2)
    assert (counts["datasets_rebuilt"], counts["datasets_unfinished"]) == (1, 1)
    for worker in fleet.workers:
        start(worker)
    # Then the finished shards are not run again, and the whole is complete
    results = fleet.check(dataset_id, fleet.wait(dataset_id))
    assert all(
        result.timings == before[result.id].timings for result in results if result.id in before
    )
    say(what="wipe", shards_kept=done)
    # And when the broken files are repaired, a retry runs only those
    good = list(crops(COUNT, seed=1))
    for uri in fleet.codes:
        fleet.objects.put(uri.split("/", 3)[3], good[0], media_type="image/jpeg")
    broken = len(fleet.codes)
    fleet.files.write_retry(dataset_id, RetryRequest(round=1, requested_at=time.time()))
    assert fleet.ledger.retry(dataset_id, 1, [])[1]
    fleet.plan(dataset_id)
    record = fleet.wait(dataset_id, lambda r: r.state.terminal and r.round == 1)
    assert (record.counts.succeeded, record.counts.failed) == (COUNT, 0)
    again = [
        result
        for shard in fleet.files.result_numbers(dataset_id)
        for result in fleet.files.results(dataset_id, shard)
        if result.round == 1
    ]
    assert len(again) == broken
