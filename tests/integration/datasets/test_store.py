"""The ledger of datasets against a real Redis: leases, fencing, fairness, rounds."""

from __future__ import annotations

import time

import pytest

from contract.ids import new_id
from contract.jobs import JobError
from contract.names.queues import STEP_FINALIZE, STEP_PLAN
from contract.names.redis_keys import run_key
from contract.runs import Counts, DatasetSpec, RunRecord, RunRequest
from contract.states import DatasetState
from storage.runs.store import RunStore, new_step

LEASE_S = 5.0


@pytest.fixture
def store(redis):
    return RunStore(redis)


def made(store, created_at=0.0):
    request = RunRequest(
        id=new_id(), created_at=created_at or time.time(), spec=DatasetSpec(prefix="s3://photos/")
    )
    assert store.create(RunRecord(request=request))
    return request.id


def take(store, dataset_id, name, worker="w"):
    step = new_step(dataset_id, str(name))
    claim = store.claim(step, worker, LEASE_S)
    return step, claim


def planned(store, shards=4, size=10, **options):
    dataset_id = made(store, **options)
    step, claim = take(store, dataset_id, STEP_PLAN)
    assert claim.outcome == "taken"
    assert store.plan_progress(step, shards, shards * size, dispatch=True)
    assert store.planned(step, shards, shards * size) == "more"
    return dataset_id


def run(store, dataset_id, shard, succeeded=10, **failed):
    step, claim = take(store, dataset_id, shard)
    assert claim.outcome == "taken"
    counts = Counts(succeeded=succeeded, failed=sum(failed.values()), by_code=failed)
    return store.shard_done(step, counts, 1.5)


def test_a_dataset_walks_through_its_states_and_its_counts_add_up(store):
    # Given a dataset, planned
    dataset_id = made(store)
    assert store.get(dataset_id).state is DatasetState.QUEUED
    plan, claim = take(store, dataset_id, STEP_PLAN)
    assert claim.record.state is DatasetState.PLANNING
    assert store.planned(plan, 2, 20) == "more"
    # When its shards end
    assert store.dispatch(10) == [(dataset_id, 0), (dataset_id, 1)]
    assert run(store, dataset_id, 0) == "more"
    assert run(store, dataset_id, 1, succeeded=7, image_corrupt=2, image_too_large=1) == "finalize"
    # Then it is finalized, and completed
    assert store.get(dataset_id).state is DatasetState.FINALIZING
    step, claim = take(store, dataset_id, STEP_FINALIZE)
    assert claim.outcome == "taken"
    assert store.finalized(step, claim.record.counts)
    record = store.get(dataset_id)
    assert record.state is DatasetState.COMPLETED
    assert record.counts == Counts(
        total=20, succeeded=17, failed=3, by_code={"image_corrupt": 2, "image_too_large": 1}
    )
    assert record.cpu_s == 3.0
    assert store.active() == []


def test_creating_twice_leaves_the_first(store):
    dataset_id = made(store)
    assert not store.create(store.get(dataset_id))


def test_a_shard_counts_once_whichever_worker_ends_it(store):
    dataset_id = planned(store)
    step, _ = take(store, dataset_id, 0)
    counts = Counts(succeeded=10)
    assert store.shard_done(step, counts, 0) == "more"
    assert store.shard_done(step, counts, 0) == "again"
    assert take(store, dataset_id, 0)[1].outcome == "ended"
    assert store.get(dataset_id).counts.succeeded == 10


def test_a_held_step_is_not_taken_and_a_frozen_holder_is_shut_out(store, redis):
    # Given a shard that a worker holds
    dataset_id = planned(store)
    first, _ = take(store, dataset_id, 2)
    assert take(store, dataset_id, 2)[1].outcome == "leased"
    assert store.claim(first, "w", LEASE_S).outcome == "taken"  # the same call sent twice
    # When its lease ends and another takes it
    redis.zadd(run_key(dataset_id) + ":leases", {"2": 1})
    second, claim = take(store, dataset_id, 2)
    assert (claim.outcome, claim.crashes) == ("taken", 1)
    # Then the first learns of it and cannot count
    assert store.renew({first: 3}, LEASE_S)[dataset_id].lost == {"2"}
    assert store.shard_done(first, Counts(succeeded=10), 0) == "lost"
    assert store.shard_done(second, Counts(succeeded=10), 0) == "more"


def test_the_window_bounds_what_is_out(store):
    dataset_id = planned(store, shards=50)
    assert len(store.dispatch(4)) == 4
    assert store.dispatch(4) == []
    run(store, dataset_id, 0)
    assert store.dispatch(4) == [(dataset_id, 4)]


def test_two_datasets_share_the_window(store):
    first, second = planned(store, shards=50, created_at=1.0), planned(store, shards=50)
    out = store.dispatch(8)
    assert sorted(dataset for dataset, _ in out) == sorted([first] * 4 + [second] * 4)


def test_a_late_dataset_gets_its_share_as_shards_end(store):
    first = planned(store, shards=50, created_at=1.0)
    store.dispatch(4)
    second = planned(store, shards=50)
    got = []
    for shard in range(4):
        run(store, first, shard)
        got += [dataset for dataset, _ in store.dispatch(4)]
    assert got.count(second) == 2


def test_a_lost_message_and_a_dead_holder_are_overdue_and_only_the_death_is_counted(store, redis):
    dataset_id = planned(store, shards=3)
    store.dispatch(2)
    take(store, dataset_id, 1)
    assert store.overdue(dataset_id) == []
    for step in ("0", "1"):
        redis.zadd(run_key(dataset_id) + ":leases", {step: 1})
    assert sorted(store.overdue(dataset_id)) == ["0", "1"]
    assert store.overdue(dataset_id) == []
    assert [take(store, dataset_id, shard)[1].crashes for shard in (0, 1)] == [0, 1]


def test_the_item_at_which_a_holder_died_is_remembered(store, redis):
    dataset_id = planned(store)
    for index in (7, 7):
        step, _ = take(store, dataset_id, 0)
        assert store.mark(step, index)
        redis.zadd(run_key(dataset_id) + ":leases", {"0": 1})
    claim = take(store, dataset_id, 0)[1]
    assert (claim.crashes, claim.died_at) == (2, (7, 7))


def test_a_released_step_is_overdue_at_once(store):
    dataset_id = planned(store)
    step, _ = take(store, dataset_id, 0)
    assert store.release(step, counted=False)
    assert store.overdue(dataset_id) == ["0"]
    assert take(store, dataset_id, 0)[1].crashes == 0


def test_items_in_flight_show_and_vanish_with_a_crash(store, redis):
    dataset_id = planned(store)
    step, _ = take(store, dataset_id, 0)
    store.renew({step: 4}, LEASE_S)
    store.renew({step: 6}, LEASE_S)
    record, progress = store.get_with_progress(dataset_id)
    assert record.in_flight == 6
    assert progress.rate > 0
    assert 0 < progress.eta_p50_s <= progress.eta_p90_s
    redis.zadd(run_key(dataset_id) + ":leases", {"0": 1})
    store.overdue(dataset_id)
    assert store.get(dataset_id).in_flight == 0


def test_cancel_stops_dispatch_and_waits_for_shards_in_progress(store):
    # Given one shard in progress, one dispatched
    dataset_id = planned(store, shards=9)
    store.dispatch(2)
    step, _ = take(store, dataset_id, 0)
    # When it is canceled
    assert store.cancel(dataset_id) == (DatasetState.CANCELED, False)
    # Then nothing starts, the running one is told, and writes down what it has
    assert store.dispatch(10) == []
    assert take(store, dataset_id, 1)[1].outcome == "ended"
    assert store.renew({step: 1}, LEASE_S)[dataset_id].lost == {"0"}
    assert store.shard_done(step, Counts(succeeded=3), 0) == "finalize"
    final, claim = take(store, dataset_id, STEP_FINALIZE)
    assert claim.outcome == "taken"
    assert store.finalized(final, claim.record.counts)
    record = store.get(dataset_id)
    assert (record.state, record.counts.succeeded) == (DatasetState.CANCELED, 3)
    assert store.active() == []
    assert store.cancel(dataset_id) == (DatasetState.CANCELED, False)


def test_cancel_of_a_waiting_dataset_asks_for_the_finalizer(store):
    assert store.cancel(made(store)) == (DatasetState.CANCELED, True)
    assert store.cancel(new_id()) is None


def completed(store, **failed):
    dataset_id = planned(store, shards=1)
    assert run(store, dataset_id, 0, succeeded=5, **failed) == "finalize"
    step, claim = take(store, dataset_id, STEP_FINALIZE)
    store.finalized(step, claim.record.counts)
    return dataset_id


def test_a_retry_takes_the_failures_back_and_counts_them_anew(store):
    # Given 5 failures of two kinds
    dataset_id = completed(store, image_corrupt=3, internal=2)
    # When those of one kind run again
    assert store.retry(dataset_id, 1, ["image_corrupt"]) == (DatasetState.PLANNING, True)
    plan, claim = take(store, dataset_id, STEP_PLAN)
    assert claim.record.retry_codes == ("image_corrupt",)
    assert store.planned(plan, 2, 10, again={"image_corrupt": 3}) == "more"
    assert store.get(dataset_id).counts.failed == 2
    assert store.dispatch(9) == [(dataset_id, 1)]
    assert run(store, dataset_id, 1, succeeded=2, image_corrupt=1) == "finalize"
    # Then the counts are whole again
    assert store.get(dataset_id).counts == Counts(
        total=10, succeeded=7, failed=3, by_code={"image_corrupt": 1, "internal": 2}
    )


def test_only_a_completed_dataset_is_retried_and_each_round_once(store):
    dataset_id = planned(store)
    assert store.retry(dataset_id, 1, []) == (DatasetState.RUNNING, False)
    dataset_id = completed(store, internal=5)
    assert store.retry(dataset_id, 1, [])[1]
    assert store.retry(dataset_id, 1, [])[1]  # the same call sent twice
    assert not store.retry(dataset_id, 2, [])[1]
    assert store.get(dataset_id).round == 1


def test_a_refused_dataset_fails_with_its_reason(store):
    dataset_id = made(store)
    step, _ = take(store, dataset_id, STEP_PLAN)
    error = JobError(code="invalid_request", message="no items", retryable=False)
    assert store.refuse(step, error)
    record = store.get(dataset_id)
    assert (record.state, record.error) == (DatasetState.FAILED, error)
    assert store.active() == []


def test_a_dataset_that_cannot_go_on_fails_in_the_middle_and_its_other_shards_are_lost(store):
    dataset_id = planned(store)
    store.dispatch(4)
    first, _ = take(store, dataset_id, 0)
    second, _ = take(store, dataset_id, 1)
    store.renew({first: 3, second: 4}, LEASE_S)
    error = JobError(code="bucket_refused", message="no such bucket", retryable=False)
    assert not store.refuse(new_step(dataset_id, "0"), error)  # not the holder
    assert store.refuse(first, error)
    record = store.get(dataset_id)
    assert (record.state, record.error, record.in_flight) == (DatasetState.FAILED, error, 0)
    assert store.renew({second: 5}, LEASE_S)[dataset_id].lost == {"1"}
    assert store.shard_done(second, Counts(succeeded=10), 1.0) == "lost"
    assert take(store, dataset_id, 2)[1].outcome == "ended"
    assert (store.active(), store.dispatch(9), store.overdue(dataset_id)) == ([], [], [])


def test_steps_that_come_back_again_and_again_keep_no_other_dataset_out(store):
    # Given a dataset whose steps fill the window, given back as often as they are taken
    bad = planned(store, shards=100)
    assert len(store.dispatch(4)) == 4
    for shard in range(4):
        step, _ = take(store, bad, shard)
        store.release(step, counted=False)
    assert store.overdue(bad) == ["0", "1", "2", "3"]
    # When another comes, it gets its share of the window at once, and again whenever it has room
    good = planned(store, shards=100)
    assert store.dispatch(4) == [(good, 0), (good, 1)]
    assert store.dispatch(4) == []
    run(store, good, 0)
    assert store.dispatch(4) == [(good, 2)]
    # And a third gets its own, however little
    third = planned(store, shards=100)
    assert store.dispatch(4) == [(third, 0)]


def test_a_record_rebuilt_from_storage_runs_only_what_is_missing(store):
    request = RunRequest(id=new_id(), created_at=1.0, spec=DatasetSpec(prefix="s3://photos/"))
    record = RunRecord(
        request=request, state="running", planned=True, shards_total=5, shards_done=3
    )
    assert store.create(record, done=[0, 2, 3])
    assert not store.create(record, done=[1, 4])  # another process rebuilt it from an older state
    assert store.dispatch(9) == [(request.id, 1), (request.id, 4)]


def test_an_empty_window_of_a_lost_ledger_entry_is_looked_at_again(store, redis):
    dataset_id = planned(store, shards=2)
    store.dispatch(5)
    redis.delete(run_key(dataset_id) + ":leases")
    assert store.dispatch(5) == [(dataset_id, 0), (dataset_id, 1)]


def test_the_ledger_does_not_grow_with_the_items(store, redis):
    def weight(dataset_id):
        return sum(redis.memory_usage(key, samples=0) for key in redis.scan_iter(f"*{dataset_id}*"))

    sizes = []
    for shards in (2_000, 20_000):
        dataset_id = planned(store, shards=shards, size=500)
        for shard, (_, number) in enumerate(store.dispatch(12)):
            assert shard == number
            run(store, dataset_id, number, succeeded=500)
        redis.setbit(run_key(dataset_id) + ":done", shards - 1, 1)
        sizes.append(weight(dataset_id))
        store.delete(dataset_id)
    assert max(sizes) < 10_000


def test_what_all_datasets_have_left_is_known(store):
    # Given one with a shard done and one without, and one that is over
    assert store.items_left() == {}
    first, canceled = planned(store), planned(store)
    planned(store, shards=2)
    store.dispatch(20)
    run(store, first, 0, succeeded=8, image_corrupt=2)
    store.cancel(canceled)
    # Then neither what has ended nor what the canceled one will not do is counted
    step, _ = take(store, canceled, STEP_FINALIZE)
    store.finalized(step, Counts())
    assert store.items_left() == {"midas_small": 30 + 20}
