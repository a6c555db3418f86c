"""A plan does not wait for shards, though a worker runs two shards at most."""

from __future__ import annotations

import time

import pytest

from contract.ids import new_id
from contract.names.queues import STEP_PLAN, TASK_PLAN_RUN, Lane, queue_name
from contract.runs import DatasetSpec, RunRecord, RunRequest
from contract.settings import Settings
from storage.broker.view import BrokerView
from storage.objects.open import open_object_store, open_run_store
from storage.runs.files import RunObjects
from tests.services.depthq import WorkerProcess
from tests.waits import wait_until
from worker.process.app import SHARDS, make_celery


class Bulk:
    """One real bulk worker whose engine and images only sleep."""

    def __init__(self, settings, folder):
        self.celery = make_celery(settings)
        self.ledger = open_run_store(settings)
        self.files = RunObjects(open_object_store(settings))
        self.worker = WorkerProcess(settings, folder, "bulk")

    def submit(self, items, shard_size, queue="depthq.bulk.steps"):
        spec = DatasetSpec(prefix=f"s3://null/{items}", shard_size=shard_size)
        request = RunRequest(id=new_id(), created_at=time.time(), spec=spec)
        self.files.write_request(request)
        self.ledger.create(RunRecord(request=request))
        message_id = f"{request.id}/{STEP_PLAN}"
        self.celery.send_task(TASK_PLAN_RUN, args=(message_id,), task_id=message_id, queue=queue)
        return request.id

    def shards_taken(self):
        return self.worker.log_path.read_text(errors="replace").count('"shard taken"')


@pytest.fixture
def bulk(valkey, tmp_path):
    settings = Settings(
        redis_url=valkey.url,
        data_dir=tmp_path / "data",
        engine="simulated",
        simulated_item_ms=1_000,
        concurrency=4,
    )
    bulk = Bulk(settings, tmp_path / "bulk")
    try:
        bulk.worker.start()
        yield bulk
    finally:
        bulk.worker.stop()
        bulk.celery.close()


def test_a_plan_is_made_while_all_shards_that_a_worker_may_have_run(bulk, redis):
    # Given a dataset whose shards take minutes, in hand as far as the worker takes them
    first = bulk.submit(items=2_000, shard_size=500)
    wait_until(lambda: bulk.shards_taken() == SHARDS, "the worker has its shards")
    wait_until(lambda: BrokerView(redis).length(Lane.BULK) == 2, "two more wait")

    # When another dataset comes
    second = bulk.submit(items=10, shard_size=10)

    # Then it is planned, and no further shard is begun
    wait_until(lambda: bulk.ledger.get(second).planned, "the second is planned")
    assert bulk.shards_taken() == SHARDS
    assert bulk.ledger.get(first).shards_done == 0


def test_a_plan_that_an_older_version_sent_to_the_queue_of_shards_is_made(bulk):
    dataset = bulk.submit(items=8, shard_size=4, queue=queue_name(Lane.BULK))
    wait_until(lambda: bulk.ledger.get(dataset).state.terminal, "it has ended")
    assert bulk.ledger.get(dataset).counts.succeeded == 8
