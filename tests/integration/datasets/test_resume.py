"""Datasets whose workers die, whose messages vanish, whose Redis is wiped."""

from __future__ import annotations

import threading
import time

import pytest

from contract.errors import StorageUnavailable
from contract.names.object_keys import WEBHOOK_MARK, run_object
from contract.names.redis_keys import run_key
from contract.runs import RetryRequest
from contract.states import DatasetState
from storage.objects.marks import clear_mark
from storage.runs.store import new_step
from tests.integration.datasets.rig import FakeComputer, put_images
from tests.waits import PATIENT_S, wait_until

PREFIX = {"prefix": "s3://photos/photos/"}
BAD = {3, 14, 15}


class WorkerDied(BaseException):
    """Stands for kill -9: nothing that handles Exception sees it."""


def dies(*_args, **_kwargs):
    raise WorkerDied


def outputs(rig, dataset_id):
    """Return every output's key and content, without the dataset's own id."""
    prefix = f"datasets/{dataset_id}/outputs/"
    return {i.key.removeprefix(prefix): rig.objects.get(i.key) for i in rig.objects.list(prefix)}


def plain_run(rig, **spec):
    return outputs(rig, finished(rig, **spec))


def finished(rig, **spec):
    dataset_id = rig.submit(**PREFIX, **spec)
    assert rig.run(dataset_id).state is DatasetState.COMPLETED
    return dataset_id


def test_a_wiped_redis_costs_only_what_was_not_finished(rig, photos, redis):
    # Given a dataset in the middle of its work
    put_images(photos, 60, bad=BAD)
    expected = plain_run(rig, shard_size=6)
    dataset_id = rig.submit(**PREFIX, shard_size=6)
    for _ in range(4):
        rig.step()
    done = rig.ledger.get(dataset_id).shards_done
    assert 0 < done < 10
    # When Redis is wiped, and the ledger rebuilt
    redis.flushall()
    rig.queue.clear()
    rig.computer.computed.clear()
    counts = rig.recover()
    assert counts == {"datasets": 2, "datasets_rebuilt": 2, "datasets_unfinished": 1}
    rebuilt = rig.ledger.get(dataset_id)
    assert (rebuilt.shards_done, rebuilt.counts.done) == (done, done * 6)
    # Then only the rest is done, and the whole is as without the accident
    record = rig.run_until_over(dataset_id)
    assert len(rig.computer.computed) == 60 - done * 6
    assert record.counts.succeeded == 57
    assert outputs(rig, dataset_id) == expected
    assert rig.recover()["datasets_rebuilt"] == 0


def test_the_call_that_a_finished_dataset_owes_is_due_again_after_a_wipe(rig, photos, redis):
    # Given two finished datasets, of which one has told its end, and a refused one
    put_images(photos, 3)
    url = {"webhook_url": "https://example.org/hook"}
    told, untold = finished(rig, **url), finished(rig, **url)
    finished(rig)
    refused = rig.submit(prefix="s3://photos/nothing/", **url)
    rig.run()
    clear_mark(rig.objects, run_object(told, WEBHOOK_MARK))
    # When Redis forgets, and once more when it does not
    redis.flushall()
    rig.recover()
    assert sorted(rig.webhooks.due(time.time() + 1)) == sorted([untold, refused])
    rig.webhooks.schedule(untold, time.time() + 600)
    rig.recover()
    assert rig.webhooks.due(time.time() + 60) == [refused], "what is scheduled stays so"


def test_a_redis_wiped_in_a_retry_resumes_the_retry(rig, photos, redis):
    bad = put_images(photos, 20, bad=BAD)
    dataset_id = finished(rig, shard_size=4)
    for name in bad:
        photos.put(name, b"repaired", media_type="image/jpeg")
    rig.files.write_retry(dataset_id, RetryRequest(round=1, requested_at=time.time()))
    redis.flushall()
    rig.computer.computed.clear()
    rig.restore(dataset_id)
    redis.zadd(run_key(dataset_id) + ":leases", {"plan": 1})
    record = rig.run_until_over(dataset_id)
    assert (record.counts.succeeded, record.counts.failed) == (20, 0)
    assert len(rig.computer.computed) == 3


def test_a_planner_killed_on_the_way_is_continued_after_its_last_shard(rig, photos, redis):
    # Given a planner that dies after three shards
    put_images(photos, 40)
    expected = plain_run(rig, shard_size=4)
    dataset_id = rig.submit(**PREFIX, shard_size=4)
    write, written = rig.files.write_shard, []
    planner = rig.worker._planner

    def writes_three(dataset, shard, items):
        if len(written) == 3:
            raise WorkerDied
        written.append(shard)
        return write(dataset, shard, items)

    planner.files.write_shard = writes_three
    with pytest.raises(WorkerDied):
        rig.step()
    # When the lease has ended
    planner.files.write_shard = lambda d, s, i: written.append(s) or write(d, s, i)
    redis.zadd(run_key(dataset_id) + ":leases", {"plan": 1})
    record = rig.run_until_over(dataset_id)
    # Then it goes on with the fourth
    assert written == list(range(10))
    assert record.counts.succeeded == 40
    assert outputs(rig, dataset_id) == expected


def test_a_worker_killed_in_a_shard_costs_that_shard_only(rig, photos, redis):
    put_images(photos, 30, bad=BAD)
    expected = plain_run(rig, shard_size=10)
    dataset_id = rig.submit(**PREFIX, shard_size=10)
    rig.step()
    write = rig.worker._shards.files.write_results
    rig.worker._shards.files.write_results = dies
    with pytest.raises(WorkerDied):
        rig.step()
    rig.worker._shards.files.write_results = write
    rig.computer.computed.clear()
    redis.zadd(run_key(dataset_id) + ":leases", {"0": 1})
    record = rig.run_until_over(dataset_id)
    assert record.counts.succeeded == 27
    assert rig.computer.computed.count(b"image 0") == 1
    assert outputs(rig, dataset_id) == expected


def test_a_lost_message_is_sent_again(rig, photos, redis):
    put_images(photos, 12)
    rig.queue.drop = lambda task, message_id: message_id.endswith("/1")
    dataset_id = rig.submit(**PREFIX, shard_size=4)
    rig.run()
    assert rig.ledger.get(dataset_id).shards_done == 2
    rig.queue.drop = lambda task, message_id: False
    rig.tick()
    assert not rig.step()  # it may still be on its way
    redis.zadd(run_key(dataset_id) + ":leases", {"1": 1})
    assert rig.run_until_over(dataset_id).counts.succeeded == 12


def test_an_item_that_kills_its_worker_is_set_aside_and_no_other(rig, photos, redis):
    # Given an image that brings the worker down whenever it is touched
    put_images(photos, 12)
    deaths = []

    def before(data):
        if data == b"image 5":
            deaths.append(data)
            raise WorkerDied

    rig.computer.before = before
    dataset_id = rig.submit(**PREFIX, shard_size=12)
    rig.step()
    # When it is delivered again and again
    for _ in range(6):
        try:
            if not rig.step():
                break
        except WorkerDied:
            redis.zadd(run_key(dataset_id) + ":leases", {"0": 1})
            rig.tick()
    record = rig.run_until_over(dataset_id)
    # Then it alone has failed: two deaths among others, two alone
    assert len(deaths) == 4
    assert record.counts.by_code == {"poisoned": 1}
    assert record.counts.succeeded == 11


def test_storage_that_is_away_gives_the_shard_back_uncounted(rig, photos):
    put_images(photos, 8)
    dataset_id = rig.submit(**PREFIX, shard_size=8)
    rig.step()
    rig.patience._limit_s = 0.1
    put = rig.objects.put

    rig.objects.put = away
    rig.step()
    assert rig.ledger.get(dataset_id).counts.done == 0
    rig.objects.put = put
    record = rig.run_until_over(dataset_id)
    assert (record.counts.succeeded, record.counts.failed) == (8, 0)


def hold_after(computer: FakeComputer, count: int, go_on: threading.Event) -> None:
    """Have it compute `count` images, and the others once `go_on` is set."""

    def before(_data):
        if len(computer.computed) > count:
            go_on.wait(PATIENT_S)

    computer.before = before


def test_cancel_keeps_what_is_done_and_says_how_much(make_rig, photos):
    # Given a dataset of which one shard is done and one is running, and stays so
    told = threading.Event()
    rig = make_rig(computer=FakeComputer())
    hold_after(rig.computer, 45, told)
    put_images(photos, 200)
    dataset_id = rig.submit(**PREFIX, shard_size=40)
    rig.step()
    rig.step()
    with rig.beating(0.05):
        runner = threading.Thread(target=rig.step)
        runner.start()
        wait_until(lambda: rig.ledger.get(dataset_id).in_flight, "the second is running")
        # When it is canceled
        assert rig.cancel(dataset_id) is DatasetState.CANCELED
        rig.tick()  # hears of it
        told.set()
        runner.join()
        record = rig.run_until_over(dataset_id)
    # Then what is done is kept, the running shard's beginning included
    assert record.state is DatasetState.CANCELED
    assert 40 < record.counts.succeeded < 80
    summary = rig.files.summary(dataset_id)
    assert (summary.state, summary.counts) == (DatasetState.CANCELED, record.counts)
    assert len(rig.results(dataset_id)) == record.counts.succeeded


def test_a_stopping_worker_gives_its_shard_back_at_once(make_rig, photos):
    put_images(photos, 100)
    stopping = threading.Event()
    first = make_rig(computer=FakeComputer())
    hold_after(first.computer, 5, stopping)
    dataset_id = first.submit(**PREFIX, shard_size=100)
    first.step()
    runner = threading.Thread(target=first.step)
    runner.start()
    wait_until(lambda: len(first.computer.computed) >= 5, "it has begun")
    first.worker.drain()
    stopping.set()
    runner.join()
    assert len(first.computer.computed) < 60
    second = make_rig(queue=first.queue, name="w2")
    assert second.run_until_over(dataset_id).counts.succeeded == 100
    assert second.files.summary(dataset_id).workers == ("w2",)


def test_two_workers_share_the_shards_and_count_each_once(make_rig, photos):
    put_images(photos, 120, bad=BAD)
    one = make_rig(computer=FakeComputer(seconds=0.002))
    two = make_rig(computer=FakeComputer(seconds=0.002), queue=one.queue, name="w2")
    dataset_id = one.submit(**PREFIX, shard_size=5)
    threads = [threading.Thread(target=r.run_until_over, args=(dataset_id,)) for r in (one, two)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    record = one.ledger.get(dataset_id)
    assert (record.counts.succeeded, record.counts.failed) == (117, 3)
    assert one.files.summary(dataset_id).workers == ("w1", "w2")
    assert len(one.computer.computed) + len(two.computer.computed) == 120


def test_a_cancel_and_a_retry_that_redis_forgot_are_done_again(rig, photos):
    put_images(photos, 12, bad=BAD)
    retried, canceled = finished(rig), rig.submit(**PREFIX)
    rig.files.write_retry(retried, RetryRequest(round=1, requested_at=time.time()))
    rig.files.write_canceled(canceled)
    rig.recover()
    assert rig.ledger.get(retried).state is DatasetState.PLANNING
    assert rig.ledger.get(canceled).state is DatasetState.CANCELED


def test_after_an_outage_of_redis_live_workers_renew_before_their_leases_count_as_expired(
    rig, photos, redis, monkeypatch
):
    # Given a shard in progress whose lease ended while Redis was away
    put_images(photos, 4)
    dataset_id = rig.submit(**PREFIX)
    rig.step()
    step = new_step(dataset_id, "0")
    rig.ledger.claim(step, "w2", 5.0)
    redis.zadd(run_key(dataset_id) + ":leases", {"0": 1})
    reconciler = rig.reconciler
    with monkeypatch.context() as outage:
        outage.setattr(rig.ledger, "active", away)
        reconciler.tick()
    # When Redis is back, the leader waits, and the holder renews
    rig.queue.clear()
    assert reconciler.tick() is None
    assert rig.ledger.renew({step: 2}, 5.0)[dataset_id].lost == set()
    # Then no worker takes the shard away
    reconciler._due_at = 0.0
    assert reconciler.tick() == 0
    assert rig.ledger.claim(new_step(dataset_id, "0"), "w1", 5.0).outcome == "leased"


def away(*_args, **_kwargs):
    raise StorageUnavailable("away")
