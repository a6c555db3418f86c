"""A second kind of long work beside datasets, and a worker that does not know it."""

from __future__ import annotations

import re
import time

import pytest

from contract.ids import kind_of, new_run_id
from contract.kinds.declaration import KindDeclaration
from contract.kinds.registry import KINDS
from contract.names.object_keys import run_list_object, run_object
from contract.names.queues import STEP_PLAN, Lane, queue_of, queues_of
from contract.names.redis_keys import run_key
from contract.runs import DatasetSpec, RunRecord, RunRequest
from contract.states import DatasetState
from storage.runs.recovery import run_ids
from storage.runs.store import RunStore
from tests.integration.datasets.toy_kind import KIND, Died
from worker.runs.dispatcher import message
from worker.upkeep.run_sweeper import RunRetention
from worker.upkeep.webhook_calls import run_call

HOOK = "https://hooks.example.com/x"
KNOWN_BEFORE = {"depthq.bulk", "depthq.bulk.steps", "depthq.interactive"}  # queues


@pytest.fixture(autouse=True)
def toy_is_known(monkeypatch):
    monkeypatch.setitem(KINDS, "toy", KIND)


@pytest.fixture
def toy(rig):
    return rig.worker.kinds["toy"]


def submit(rig, **wishes):
    spec = DatasetSpec(webhook_url=wishes.pop("hook", None))
    run_id = new_run_id("toy")
    request = RunRequest(id=run_id, created_at=time.time(), spec=spec, wishes=wishes)
    rig.files.write_request(request)
    rig.ledger.create(RunRecord(request=request))
    rig.queue.send(*message(run_id, STEP_PLAN))
    return run_id


def read(rig, run_id, name):
    return rig.objects.get(run_object(run_id, name)).decode()


def test_a_run_is_planned_run_and_finished_by_its_kind(rig, toy):
    run_id = submit(rig, count=5)
    record = rig.run(run_id)
    assert (record.state, record.kind) == (DatasetState.COMPLETED, "toy")
    assert (record.counts.total, record.counts.succeeded) == (5, 5)
    assert (record.shards_total, record.left_out) == (3, {"zero": 1})
    assert read(rig, run_id, "total.txt") == "15 [1, 3, 3, 7, 5]"
    assert rig.files.summary(run_id).files == {
        "errors": run_object(run_id, "errors.jsonl"),
        "total": run_object(run_id, "total.txt"),
    }
    assert toy.added == [f"number:{n}" for n in range(1, 6)]
    assert toy.closed == 4


def test_each_item_counts_as_progress_while_its_shard_runs(rig, toy):
    run_id, seen = submit(rig, count=4), []

    def look(number):
        rig.coordinator.leases.renew()
        seen.append((number, rig.ledger.get(run_id).in_flight))

    toy.before = look
    rig.run(run_id)
    assert seen == [(1, 0), (2, 1), (3, 0), (4, 1)]


def test_a_source_that_is_refused_ends_the_run(rig):
    record = rig.run(submit(rig, count=-1))
    assert (record.state, record.error.message) == (
        DatasetState.FAILED,
        "count: must not be negative",
    )
    assert rig.run(submit(rig)).error.message.endswith(
        "nothing in the source fits (left out: 1 zero)"
    )


def test_an_item_that_kills_its_workers_is_set_aside_and_the_rest_runs_in_order(rig, toy, redis):
    run_id = submit(rig, count=2)

    def deadly(number):
        if number == 1:
            raise Died

    toy.before = deadly
    for _ in range(8):
        try:
            record = rig.run(run_id)
        except Died:
            redis.zadd(run_key(run_id) + ":leases", {"0": 1})
            rig.tick()
            continue
        break
    assert (record.counts.succeeded, record.counts.by_code) == (1, {"poisoned": 1})
    assert read(rig, run_id, "total.txt") == "2 [None, 2]"


def test_a_last_step_that_is_interrupted_is_finished_by_another_worker(rig, make_rig, toy):
    run_id = submit(rig, count=2)

    def drained(signals):
        rig.worker.drain()
        signals.check()

    toy.finishing = drained
    rig.run(run_id)
    assert rig.ledger.get(run_id).state is DatasetState.FINALIZING
    other = make_rig(queue=rig.queue, name="w2")
    assert other.run_until_over(run_id).state is DatasetState.COMPLETED
    assert read(rig, run_id, "total.txt") == "3 [1, 3]"


def test_a_last_step_that_cannot_succeed_ends_the_run(rig):
    record = rig.run(submit(rig, count=2, odd=True))
    assert (record.state, record.error.code) == (DatasetState.FAILED, "invalid_request")
    assert record.error.message == "the sum is odd"


def test_a_last_step_that_fails_otherwise_is_run_again(rig, toy):
    run_id, fails = submit(rig, count=2), [True, True]

    def failing(signals):
        if fails:
            fails.pop()
            raise RuntimeError("no luck")

    toy.finishing = failing
    assert rig.run_until_over(run_id).state is DatasetState.COMPLETED


def test_its_webhook_says_its_kind_and_waits_where_workers_of_before_do_not_look(rig, redis):
    run_id = submit(rig, count=1, hook=HOOK)
    record = rig.run(run_id)
    assert rig.webhooks.due(time.time()) == [run_id]
    assert redis.zrange("depthq:webhooks", 0, -1) == []
    assert b'"type": "toy.completed"' in run_call(record).body
    rig.webhooks.postpone({run_id: time.time() + 60})
    assert rig.webhooks.due(time.time()) == []
    assert rig.webhooks.done(run_id, rig.webhooks.due_at(run_id))
    assert rig.webhooks.due_at(run_id) == 0.0


def test_nothing_of_it_is_where_a_worker_of_before_looks(rig, redis):
    # Given the places that a version without kinds reads: queues, sets, ids
    queues, run_id = set(), submit(rig, count=3)
    send = rig.queue.send
    rig.coordinator.dispatcher._send = lambda task, sent: (
        queues.add(queue_of(task, Lane.BULK, kind=kind_of(sent))) or send(task, sent)
    )
    # When a run goes through all its steps
    while rig.step():
        rig.tick()
        assert redis.zrange("depthq:datasets", 0, -1) == []
        assert RunStore(redis, kinds=("dataset",)).active() == []
        assert RunStore(redis, kinds=("dataset",)).dispatch(100) == []
    # Then it left no trace there
    assert queues == {"depthq.bulk.toy", "depthq.bulk.toy.steps"}
    assert not re.fullmatch(r"[0-9]{8}-[a-z2-7]{26}", run_id)
    assert run_list_object("anna", 1, run_id).startswith("dataset-list/anna.toy/")
    assert queues <= set(queues_of(Lane.BULK)) - KNOWN_BEFORE


def test_a_worker_that_cannot_open_a_kind_consumes_its_queues_not(make_rig, monkeypatch, caplog):
    for name, where in (("gone", "no.such:module"), ("wrong", "builtins:repr")):
        monkeypatch.setitem(KINDS, name, KindDeclaration(name, where, {"en": "broken"}))
    kinds = make_rig().worker.kinds
    assert {"dataset", "toy"} <= set(kinds)
    assert not {"gone", "wrong"} & set(kinds)
    told = {record.message for record in caplog.records}
    assert {"cannot run kind gone: No module named 'no'", "cannot run kind wrong"} <= told
    assert "depthq.bulk.gone" not in queues_of(Lane.BULK, kinds=kinds)


def test_a_run_is_rebuilt_from_storage_after_redis_lost_it(rig, redis):
    run_id = submit(rig, count=5)
    rig.step()
    rig.step()
    redis.flushdb()
    rig.queue.clear()
    assert list(run_ids(rig.objects)) == [run_id]
    assert rig.recover()["datasets_unfinished"] == 1
    assert rig.ledger.active() == [run_id]
    assert rig.run_until_over(run_id).counts.succeeded == 5
    assert read(rig, run_id, "total.txt") == "15 [1, 3, 3, 7, 5]"


def test_it_is_removed_when_the_retention_is_over(rig):
    toy, dataset = submit(rig, count=2), rig.submit(prefix="s3://photos/none/")
    rig.run()
    RunRetention(rig.objects, rig.ledger, 3600).sweep()
    assert list(run_ids(rig.objects)) == [dataset, toy]
    time.sleep(0.02)
    assert RunRetention(rig.objects, rig.ledger, 0.01).sweep() > 0
    assert list(run_ids(rig.objects)) == []
    assert rig.ledger.get(toy) is None
