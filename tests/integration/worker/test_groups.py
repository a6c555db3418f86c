"""Groups of jobs on a real Redis: taken, claimed and ended together, failing alone."""

from __future__ import annotations

import hashlib
import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from contract.errors import ImageUndecodable, InternalError, NotFound, StorageUnavailable
from contract.ids import new_id
from contract.jobs import JobRecord
from contract.names.object_keys import input_object, output_object, result_object
from contract.names.queues import TASK_RUN_JOB, Lane, queue_name
from contract.names.redis_keys import job_key
from contract.options import JobOptions
from contract.states import JobState
from storage.broker.inbox import Inbox
from storage.jobs.handover import PLACE_BYTES
from storage.jobs.store import JobStore
from tests.integration.worker.pipelines import make_pipeline
from tests.integration.worker.test_pipeline import Computer, FaultyStore, accept
from tests.services.memory_store import MemoryStore
from tests.waits import wait_until
from worker.jobs import pipeline as pipeline_module
from worker.jobs.groups import Group, is_small
from worker.process.takers import Takers

QUEUE = queue_name(Lane.INTERACTIVE)


@dataclass(frozen=True)
class Begun:
    """An image that the double has been given."""

    data: bytes
    options: JobOptions


class GroupComputer(Computer):
    """The pipeline's double, in two steps. `engine` is clear while the engine takes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.begun: list[bytes] = []
        self.engine = threading.Event()
        self.engine.set()

    def begin(self, data, options, clock, deadline_at=None) -> Begun:
        self.begun.append(data)
        return Begun(data, options)

    def end(self, begun, clock):
        return self.compute(begun.data, begun.options, clock)

    def working(self, model):
        return working()

    def await_engine(self, models, timeout_s) -> bool:
        return self.engine.wait(timeout_s)


@pytest.fixture
def jobs(redis) -> JobStore:
    return JobStore(redis)


@pytest.fixture
def objects() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def computer() -> GroupComputer:
    return GroupComputer()


@pytest.fixture
def pipeline(redis, jobs, objects, computer):
    return make_pipeline(redis, jobs, objects, computer)


@contextmanager
def working():
    yield


@pytest.fixture
def takers(redis, pipeline):
    takers = Takers(Inbox(redis, [QUEUE]), pipeline, 4, working)
    yield takers
    takers.stop()


def kept_record(jobs, objects, data) -> JobRecord:
    """A record as the API makes it, whose input is in the store; not created yet."""
    old = jobs.get(accept(jobs, objects, data)).request
    image = old.input.model_copy(update={"sha256": hashlib.sha256(data).hexdigest()})
    request = old.model_copy(update={"id": new_id(), "input": image})
    objects.put(input_object(request.id), data, media_type="image/png")
    return JobRecord(request=request)


def nothing(record) -> None:
    raise AssertionError("no job is large")


def send(redis, *job_ids) -> None:
    for job_id in job_ids:
        headers = {"task": TASK_RUN_JOB, "id": job_id}
        message = {"headers": headers, "content-type": "application/json"}
        redis.lpush(QUEUE, json.dumps(message))


def states(jobs, ids):
    return [jobs.get(job_id).state for job_id in ids]


def test_a_group_is_claimed_in_one_round_trip_and_ended_in_another(
    redis, pipeline, jobs, objects, computer
):
    ids = [accept(jobs, objects) for _ in range(5)]
    pipeline.jobs.claim_all(["20260101-" + "a" * 26] * 2, "w", 1)  # loads the scripts
    pipeline.jobs.claim("20260101-" + "a" * 26, "w", 1)
    before = redis.info("stats")["total_reads_processed"]
    group = Group(pipeline, ids)
    group.begin(nothing)
    claimed = redis.info("stats")["total_reads_processed"]
    assert states(jobs, ids) == [JobState.RUNNING] * 5
    assert claimed - before == 2  # with the one that asks
    group.end()
    assert states(jobs, ids) == [JobState.SUCCEEDED] * 5
    assert len(computer.begun) == 5
    assert all(objects.get(result_object(job_id)) for job_id in ids)


def test_a_groups_files_go_together_then_its_results_then_its_states(
    pipeline, jobs, objects, monkeypatch
):
    ids = [accept(jobs, objects) for _ in range(2)]
    seen = []
    put_all = objects.put_all

    def look(each):
        seen.append(([new.key for new in each], states(jobs, ids)))
        put_all(each)

    monkeypatch.setattr(objects, "put_all", look)
    group = Group(pipeline, ids)
    group.begin(nothing)
    group.end()
    running = [JobState.RUNNING] * 2
    assert seen == [
        ([output_object(job_id, "depth", "png") for job_id in ids], running),
        ([result_object(job_id) for job_id in ids], running),
    ]
    assert states(jobs, ids) == [JobState.SUCCEEDED] * 2


def test_a_job_canceled_while_it_is_computed_keeps_no_files_and_the_others_theirs(
    pipeline, jobs, objects
):
    canceled, other = accept(jobs, objects), accept(jobs, objects)
    group = Group(pipeline, [canceled, other])
    group.begin(nothing)
    jobs.cancel(canceled)
    group.end()
    assert states(jobs, [canceled, other]) == [JobState.CANCELED, JobState.SUCCEEDED]
    names = [info.key for info in objects.list("jobs/")]
    assert sorted(names) == sorted(
        [
            input_object(canceled),
            input_object(other),
            output_object(other, "depth", "png"),
            result_object(other),
        ]
    )


def test_a_job_lost_while_the_process_was_frozen_gets_no_result_from_it(pipeline, jobs, objects):
    lost, other = accept(jobs, objects), accept(jobs, objects)
    group = Group(pipeline, [lost, other])
    group.begin(nothing)
    jobs.release(lost, 1, counted=True)
    taken = jobs.claim(lost, "another", 60).record
    pipeline.leases._sure_until[lost] = 0.0  # frozen for longer than the lease
    group.end()
    assert states(jobs, [lost, other]) == [JobState.RUNNING, JobState.SUCCEEDED]
    assert (taken.attempt, jobs.get(lost).attempt) == (2, 2)
    with pytest.raises(NotFound):
        objects.get(result_object(lost))


def test_a_fault_of_ours_while_a_group_is_stored_is_one_jobs(pipeline, jobs, objects, monkeypatch):
    broken, other = accept(jobs, objects, b"broken"), accept(jobs, objects)
    success = pipeline_module.success

    def fail_once(record, *others):
        if record.id == broken:
            raise ValueError("as asked")
        return success(record, *others)

    monkeypatch.setattr(pipeline_module, "success", fail_once)
    group = Group(pipeline, [broken, other])
    group.begin(nothing)
    group.end()
    assert states(jobs, [broken, other]) == [JobState.QUEUED, JobState.SUCCEEDED]
    assert jobs.get(broken).attempt == 1


def test_an_object_store_that_is_away_gives_every_job_back(redis, jobs, computer):
    objects = FaultyStore()
    pipeline = make_pipeline(redis, jobs, objects, computer)
    ids = [accept(jobs, objects) for _ in range(2)]
    objects.refuse = {"result.json"}
    group = Group(pipeline, ids)
    group.begin(nothing)
    group.end()
    assert states(jobs, ids) == [JobState.QUEUED] * 2
    assert [jobs.get(job_id).attempt for job_id in ids] == [0] * 2


@pytest.fixture
def fetched(objects, monkeypatch):
    """The keys that are got from the store."""
    keys = []
    get = objects.get
    monkeypatch.setattr(objects, "get", lambda key: keys.append(key) or get(key))
    return keys


def test_an_input_that_was_handed_over_is_not_fetched(redis, jobs, objects, computer, fetched):
    handing = JobStore(redis, 64 * PLACE_BYTES)
    record = kept_record(jobs, objects, b"image")
    handing.create(record, b"image")
    pipeline = make_pipeline(redis, handing, objects, computer)
    group = Group(pipeline, [record.id])
    group.begin(nothing)
    group.end()
    assert (computer.computed, fetched) == ([b"image"], [])
    assert handing.get(record.id).state is JobState.SUCCEEDED


@pytest.mark.parametrize("handed", [b"imagE", b"image and more", b""])
def test_other_bytes_than_the_inputs_are_not_used(redis, jobs, objects, computer, fetched, handed):
    handing = JobStore(redis, 64 * PLACE_BYTES)
    record = kept_record(jobs, objects, b"image")
    handing.create(record, handed)
    group = Group(make_pipeline(redis, handing, objects, computer), [record.id])
    group.begin(nothing)
    group.end()
    assert (computer.computed, fetched) == ([b"image"], [input_object(record.id)])
    assert handing.get(record.id).state is JobState.SUCCEEDED


def test_a_record_that_cannot_be_read_is_given_back_and_the_others_of_its_group_run(
    redis, pipeline, jobs, objects
):
    first, unreadable, last = (accept(jobs, objects) for _ in range(3))
    redis.hset(job_key(unreadable), "request", '{"of": "a later version"}')
    group = Group(pipeline, [first, unreadable, last])
    group.begin(nothing)
    group.end()
    assert states(jobs, [first, last]) == [JobState.SUCCEEDED] * 2
    assert redis.hmget(job_key(unreadable), "state", "attempt") == ["queued", "0"]


def test_a_failure_that_cannot_be_settled_is_one_jobs_and_no_lease_is_kept(
    pipeline, jobs, objects, computer, monkeypatch
):
    stuck, other = accept(jobs, objects), accept(jobs, objects)
    begin, release = computer.begin, pipeline.jobs.release

    def fail(data, *others):
        if not computer.begun:
            computer.begun.append(data)
            raise ValueError("as asked")
        return begin(data, *others)

    def refuse(job_id, *others, **options):
        if job_id == stuck:
            raise InternalError("as asked")
        return release(job_id, *others, **options)

    monkeypatch.setattr(computer, "begin", fail)
    monkeypatch.setattr(pipeline.jobs, "release", refuse)
    group = Group(pipeline, [stuck, other])
    group.begin(nothing)
    group.end()
    assert states(jobs, [stuck, other]) == [JobState.RUNNING, JobState.SUCCEEDED]
    assert len(pipeline.leases) == 0  # the stuck one's runs out


def test_a_job_that_is_given_back_and_taken_again_is_held_beyond_the_end_of_its_first_group(
    pipeline, jobs, objects, monkeypatch
):
    def refuse(key):
        raise StorageUnavailable("as asked")

    away = accept(jobs, objects)
    first, second = Group(pipeline, [away]), Group(pipeline, [away])
    with monkeypatch.context() as patch:
        patch.setattr(objects, "get", refuse)
        first.begin(nothing)
    assert states(jobs, [away]) == [JobState.QUEUED]
    second.begin(nothing)
    first.end()
    second.end()
    assert states(jobs, [away]) == [JobState.SUCCEEDED]


def test_a_lease_that_is_lost_while_a_suspect_runs_is_not_taken_for_held(pipeline, jobs, objects):
    large = accept(jobs, objects)
    record = jobs.claim(large, "this", 60).record
    with pipeline.isolation.exclusive():
        apart = threading.Thread(target=pipeline.run_apart, args=[record])
        apart.start()
        wait_until(lambda: len(pipeline.leases) == 1, "the lease is held", 60)
        jobs.release(large, 1, counted=True)
        jobs.claim(large, "another", 60)
        pipeline.leases.renew()
    apart.join()
    assert jobs.get(large).state is JobState.RUNNING
    assert [info.key for info in objects.list("jobs/")] == [input_object(large)]


def test_a_bad_image_fails_alone(pipeline, jobs, objects, computer):
    good, bad, late = accept(jobs, objects), accept(jobs, objects), accept(jobs, objects)
    objects.put(input_object(bad), b"bad", media_type="image/jpeg")
    objects.delete([input_object(late)])  # deleted before it is fetched
    computer.failures[b"bad"] = [ImageUndecodable("as asked")]
    group = Group(pipeline, [bad, good, late])
    group.begin(nothing)
    group.end()
    assert states(jobs, [good, bad, late]) == [
        JobState.SUCCEEDED, JobState.FAILED, JobState.FAILED,
    ]  # fmt: skip
    assert jobs.get(bad).result.error.code == "image_undecodable"


def test_what_is_held_or_ended_or_unknown_is_left_alone(pipeline, jobs, objects, computer):
    held, ended, fresh = (accept(jobs, objects) for _ in range(3))
    jobs.claim(held, "another", 60)
    jobs.cancel(ended)
    group = Group(pipeline, [held, ended, "20260101-" + "a" * 26, fresh, fresh])
    group.begin(nothing)
    group.end()
    assert states(jobs, [held, ended, fresh]) == [
        JobState.RUNNING, JobState.CANCELED, JobState.SUCCEEDED,
    ]  # fmt: skip
    assert len(computer.computed) == 1


def test_a_suspect_runs_after_the_group_alone(pipeline, jobs, objects, computer):
    suspect, other = accept(jobs, objects), accept(jobs, objects)
    for _ in range(3):
        jobs.claim(suspect, "dead", -1)
    group = Group(pipeline, [suspect, other])
    group.begin(nothing)
    assert len(computer.begun) == 1
    group.end()
    assert states(jobs, [suspect, other])[1] is JobState.SUCCEEDED
    assert jobs.get(suspect).state.terminal


def test_a_store_that_is_away_gives_every_job_back(pipeline, jobs, objects, computer, monkeypatch):
    ids = [accept(jobs, objects) for _ in range(3)]

    def away(*_args):
        raise StorageUnavailable("as asked")

    group = Group(pipeline, ids)
    group.begin(nothing)
    monkeypatch.setattr(pipeline.jobs, "finish_all", away)
    group.end()
    assert states(jobs, ids) == [JobState.QUEUED] * 3
    assert [jobs.get(job_id).attempt for job_id in ids] == [0] * 3


def test_small_is_decided_by_pixels_and_outputs(jobs, objects):
    record = jobs.get(accept(jobs, objects))

    def with_(width, **options):
        request = record.request
        image = request.input.model_copy(update={"width": width, "height": 1000})
        options = request.options.model_copy(update=options)
        return record.model_copy(
            update={"request": request.model_copy(update={"input": image, "options": options})}
        )

    assert is_small(with_(1500, size="original"))
    assert not is_small(with_(1501, size="original"))
    assert is_small(with_(12_000, size="model"))
    assert not is_small(with_(100, size="model", outputs=("depth", "mesh")))


def test_what_arrives_while_the_engine_is_busy_becomes_one_group(
    redis, takers, jobs, objects, computer, monkeypatch
):
    groups = []
    monkeypatch.setattr(
        "worker.process.takers.Group",
        lambda pipeline, ids: groups.append(list(ids)) or Group(pipeline, ids),
    )
    computer.engine.clear()
    ids = [accept(jobs, objects) for _ in range(4)]
    send(redis, ids[0])
    takers.start()
    wait_until(lambda: groups, "the first is taken")
    send(redis, *ids[1:])
    computer.engine.set()
    wait_until(lambda: states(jobs, ids) == [JobState.SUCCEEDED] * 4, "all have ended")
    assert groups == [[ids[0]], ids[1:]]


def test_no_more_are_taken_than_there_are_slots(redis, takers, jobs, objects, computer):
    ids = [accept(jobs, objects) for _ in range(6)]
    send(redis, *ids)
    computer.engine.clear()
    takers.start()
    wait_until(lambda: len(computer.begun) == 4, "four are taken")
    assert redis.llen(QUEUE) == 2
    computer.engine.set()
    wait_until(lambda: states(jobs, ids) == [JobState.SUCCEEDED] * 6, "all have ended")


def test_a_large_job_runs_apart_and_delays_no_other(redis, pipeline, jobs, objects, computer):
    large = accept(jobs, objects, outputs=("depth", "mesh"))
    small = accept(jobs, objects)
    apart = []
    group = Group(pipeline, [large, small])
    group.begin(apart.append)
    group.end()
    assert ([each.id for each in apart], jobs.get(small).state) == ([large], JobState.SUCCEEDED)
    assert jobs.get(large).state is JobState.RUNNING
    pipeline.run_apart(apart[0])
    assert jobs.get(large).state is JobState.SUCCEEDED


def test_garbage_in_the_queue_is_dropped_and_does_not_stop_the_rest(redis, takers, jobs, objects):
    job_id = accept(jobs, objects)
    redis.lpush(QUEUE, "not JSON", '{"headers": {"task": "other", "id": "x"}}')
    pickled = {
        "headers": {"task": TASK_RUN_JOB, "id": job_id},
        "content-type": "x-python-serialize",
    }
    redis.lpush(QUEUE, json.dumps(pickled))
    send(redis, job_id)
    takers.start()
    wait_until(lambda: jobs.get(job_id).state is JobState.SUCCEEDED, "it has ended")
    assert redis.llen(QUEUE) == 0


def test_after_letting_go_nothing_is_taken_and_what_was_taken_ends(
    redis, takers, jobs, objects, computer
):
    first, later = accept(jobs, objects), accept(jobs, objects)
    computer.engine.clear()
    send(redis, first)
    takers.start()
    wait_until(lambda: computer.begun, "one is taken")
    takers.stop_taking()
    send(redis, later)
    takers.stop()
    assert states(jobs, [first, later]) == [JobState.SUCCEEDED, JobState.QUEUED]
    assert redis.llen(QUEUE) == 1


def test_scripts_that_a_restarted_redis_does_not_know_are_loaded_again(redis, jobs, objects):
    ids = [accept(jobs, objects) for _ in range(3)]
    redis.script_flush()
    assert [claim.outcome for claim in jobs.claim_all(ids, "w", 60)] == ["taken"] * 3
