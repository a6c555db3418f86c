"""The pipeline on a real Redis, with a computer that does what the test says."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from redis import Redis

from contract.errors import DecoderCrashed, ImageUndecodable, NotInstalled, StorageUnavailable
from contract.ids import new_id
from contract.jobs import DepthInfo, InputInfo, JobRecord, JobRequest, JobResult, ModelInfo
from contract.names.object_keys import (
    input_object,
    job_prefix,
    poisoned_mark,
    result_object,
    webhook_mark,
)
from contract.names.queues import Lane
from contract.options import JobOptions
from contract.states import JobState
from storage.jobs.store import JobStore
from tests.integration.worker.pipelines import make_pipeline
from tests.services.memory_store import MemoryStore
from worker.compute.computer import Computed
from worker.imaging.prepared import Prepared
from worker.jobs.pipeline import Pipeline
from worker.outputs.render import RenderedFile

MODEL = ModelInfo(name="m", weights_id="w", engine="e", precision="fp32", net_size=(32, 32))


class Computer:
    """Makes one tiny file, or raises what `failures` hold for the image's bytes."""

    def __init__(self) -> None:
        self.failures: dict[bytes, list[Exception]] = {}
        self.computed: list[bytes] = []
        self.said: tuple[str, ...] = ()  # by the decoder

    def holds(self, model) -> bool:
        return model == "midas_small"

    def compute(self, data, options, clock, deadline_at=None) -> Computed:
        self.computed.append(data)
        if self.failures.get(data):
            raise self.failures[data].pop(0)
        files = [RenderedFile("depth", "png", "image/png", 1, 1, b"png of " + data)]
        prepared = Prepared.__new__(Prepared)
        about = {"downsampled_to": None, "width": 1, "height": 1, "warnings": self.said}
        for name, value in about.items():
            object.__setattr__(prepared, name, value)
        return Computed(prepared, MODEL, DepthInfo(min=0, max=1), files)


class FaultyStore(MemoryStore):
    """Notes the order of writes; refuses the puts of keys that end in a name in `refuse`."""

    def __init__(self) -> None:
        super().__init__()
        self.refuse: set[str] = set()
        self.written: list[str] = []

    def put(self, key, data, *, media_type, metadata=None) -> None:
        if any(key.endswith(name) for name in self.refuse):
            raise StorageUnavailable("refused by the test")
        super().put(key, data, media_type=media_type, metadata=metadata)
        self.written.append(key.rpartition("/")[2])


@pytest.fixture
def jobs(redis: Redis) -> JobStore:
    return JobStore(redis)


@pytest.fixture
def objects() -> FaultyStore:
    return FaultyStore()


@pytest.fixture
def computer() -> Computer:
    return Computer()


@pytest.fixture
def pipeline(redis, jobs, objects, computer) -> Pipeline:
    return make_pipeline(redis, jobs, objects, computer)


def accept(jobs: JobStore, objects: MemoryStore, data: bytes = b"image", **options) -> str:
    job_id = new_id()
    now = time.time()
    request = JobRequest(
        id=job_id,
        created_at=now,
        expires_at=now + 600,
        deadline_at=options.pop("deadline_at", None),
        options=JobOptions(**options),
        input=InputInfo(media_type="image/png", bytes=len(data), sha256="", width=1, height=1),
    )
    objects.put(input_object(job_id), data, media_type="image/png")
    assert jobs.create(JobRecord(request=request))
    return job_id


def test_outputs_are_written_before_the_result_and_the_result_before_the_state(
    pipeline, jobs, objects
):
    job_id = accept(jobs, objects)
    states_seen = []
    put = objects.put

    def put_and_look(key, data, **kwargs):
        states_seen.append(jobs.get(job_id).state)
        put(key, data, **kwargs)

    objects.put = put_and_look
    pipeline.run(job_id)
    assert objects.written == ["input", "depth.png", "result.json"]
    assert states_seen == [JobState.RUNNING, JobState.RUNNING]
    assert jobs.get(job_id).state is JobState.SUCCEEDED
    stored = JobResult.model_validate_json(objects.get(result_object(job_id)))
    assert stored == jobs.get(job_id).result


def test_a_job_of_a_model_that_is_not_held_is_given_back_uncounted(
    pipeline, jobs, computer, objects
):
    job_id = accept(jobs, objects, model="dpt_large_384")
    pipeline.run(job_id)
    record = jobs.get(job_id)
    assert (record.state, record.attempt) == (JobState.QUEUED, 0)
    assert computer.computed == []
    assert jobs.backlog(Lane.INTERACTIVE, "dpt_large_384").queued == 1
    assert jobs.backlog(Lane.INTERACTIVE).queued == 0


@pytest.mark.parametrize("missing", ["depth.png", "result.json"])
def test_a_job_never_succeeds_without_its_files(pipeline, jobs, objects, missing):
    job_id = accept(jobs, objects)
    objects.refuse = {missing}
    pipeline.run(job_id)
    record = jobs.get(job_id)
    assert record.state is JobState.QUEUED  # given back, for when storage returns
    assert record.attempt == 0  # and not counted
    objects.refuse = set()
    pipeline.run(job_id)
    assert jobs.get(job_id).state is JobState.SUCCEEDED


@pytest.mark.parametrize("error", [ImageUndecodable("broken pixels"), NotInstalled("no voice")])
def test_what_no_retry_can_mend_is_final_at_once_and_leaves_a_coded_result(
    pipeline, jobs, objects, computer, error
):
    job_id = accept(jobs, objects)
    computer.failures[b"image"] = [error]
    pipeline.run(job_id)
    record = jobs.get(job_id)
    assert (record.state, record.attempt) == (JobState.FAILED, 1)
    assert (record.result.error.code, record.result.error.retryable) == (error.code, False)
    assert result_object(job_id) in {info.key for info in objects.list(job_prefix(job_id))}


def test_a_duplicate_message_changes_nothing(pipeline, jobs, objects, computer):
    job_id = accept(jobs, objects)
    for _ in range(5):
        pipeline.run(job_id)
    assert len(computer.computed) == 1
    assert jobs.get(job_id).attempt == 1


def test_a_decoder_crash_is_tried_three_times_and_then_set_aside(pipeline, jobs, objects, computer):
    job_id = accept(jobs, objects)
    computer.failures[b"image"] = [DecoderCrashed("signal 11")] * 5
    for _ in range(5):
        pipeline.run(job_id)
    assert len(computer.computed) == 3
    assert jobs.get(job_id).result.error.code == "poisoned"
    assert jobs.quarantined() == [job_id]
    assert objects.head(poisoned_mark(job_id)).size == 0


def test_damage_that_was_decoded_all_the_same_is_in_the_result(pipeline, jobs, objects, computer):
    computer.said = ("Corrupt JPEG data: bad Huffman code",)
    job_id = accept(jobs, objects)
    pipeline.run(job_id)
    assert jobs.get(job_id).result.warnings == ("corrupt_data",)


def test_a_call_that_is_owed_is_marked_before_the_result(pipeline, jobs, objects):
    puts, put = [], objects.put
    objects.put = lambda key, *rest, **more: (puts.append(key), put(key, *rest, **more))
    job_id = accept(jobs, objects, webhook_url="https://good.example/hook")
    pipeline.run(job_id)
    assert puts[-2:] == [webhook_mark(job_id), result_object(job_id)]


def test_a_job_whose_workers_died_three_times_is_not_touched_again(
    pipeline, jobs, objects, computer
):
    job_id = accept(jobs, objects)
    for _ in range(3):  # workers that claim and die
        assert jobs.claim(job_id, "victim", 0.01).outcome == "taken"
        time.sleep(0.02)
    pipeline.run(job_id)
    assert computer.computed == []
    assert jobs.get(job_id).result.error.code == "poisoned"


def test_a_bystander_of_two_crashes_succeeds_alone(pipeline, jobs, objects):
    job_id = accept(jobs, objects)
    for _ in range(2):
        jobs.claim(job_id, "victim", 0.01)
        time.sleep(0.02)
    pipeline.run(job_id)
    record = jobs.get(job_id)
    assert (record.state, record.attempt) == (JobState.SUCCEEDED, 3)


def test_work_after_the_deadline_is_not_done(pipeline, jobs, objects, computer):
    job_id = accept(jobs, objects, deadline_at=time.time() - 1)
    pipeline.run(job_id)
    assert computer.computed == []
    assert jobs.get(job_id).state is JobState.EXPIRED
    assert jobs.get(job_id).result.error.code == "deadline_exceeded"


def test_a_canceled_job_is_not_run(pipeline, jobs, objects, computer):
    job_id = accept(jobs, objects)
    jobs.cancel(job_id)
    pipeline.run(job_id)
    assert computer.computed == []
    assert jobs.get(job_id).state is JobState.CANCELED


def end_when_the_result_is_written(objects: FaultyStore, job_id: str, end) -> None:
    put = objects.put

    def put_then_end(key, data, **kwargs):
        put(key, data, **kwargs)
        if key == result_object(job_id):
            end()

    objects.put = put_then_end


def test_a_job_that_is_canceled_at_the_last_moment_leaves_no_result(pipeline, jobs, objects):
    job_id = accept(jobs, objects, webhook_url="https://good.example/hook")
    end_when_the_result_is_written(objects, job_id, lambda: jobs.cancel(job_id))
    pipeline.run(job_id)
    assert {info.key for info in objects.list("")} == {input_object(job_id)}


def test_a_job_that_is_deleted_at_the_last_moment_leaves_nothing(pipeline, jobs, objects):
    job_id = accept(jobs, objects)

    def delete() -> None:
        objects.delete([input_object(job_id)])
        jobs.delete(job_id)

    end_when_the_result_is_written(objects, job_id, delete)
    pipeline.run(job_id)
    assert list(objects.list("")) == []


@pytest.mark.parametrize("noticed", [False, True])
@pytest.mark.parametrize("then", ["stored", "refused"])
def test_a_job_that_is_deleted_while_its_files_are_written_leaves_nothing(
    pipeline, jobs, objects, noticed, then
):
    # Given a deletion that lists the job's folder just before the worker's first file lands there
    job_id = accept(jobs, objects)
    put, deleted = objects.put, []

    def put_late(key, data, **kwargs):
        if not deleted:
            deleted.append(key)
            jobs.cancel(job_id)
            objects.delete([info.key for info in objects.list(job_prefix(job_id))])
            jobs.delete(job_id)
            if noticed:
                pipeline.leases.renew()
        put(key, data, **kwargs)
        if then == "refused":
            raise StorageUnavailable("by the test")

    objects.put = put_late
    # When the worker goes on
    pipeline.run(job_id)
    # Then
    assert deleted
    assert deleted[0].endswith("depth.png")
    assert list(objects.list("")) == []


def test_what_a_canceled_job_had_written_goes_too(pipeline, jobs, objects):
    job_id = accept(jobs, objects)
    put = objects.put

    def put_then_cancel(key, data, **kwargs):
        put(key, data, **kwargs)
        jobs.cancel(job_id)
        pipeline.leases.renew()

    objects.put = put_then_cancel
    pipeline.run(job_id)
    assert {info.key for info in objects.list("")} == {input_object(job_id)}


def test_a_result_written_while_redis_was_wiped_is_kept(pipeline, jobs, objects, redis):
    job_id = accept(jobs, objects)
    end_when_the_result_is_written(objects, job_id, redis.flushall)
    pipeline.run(job_id)
    assert objects.get(result_object(job_id))


def test_who_was_frozen_past_his_lease_writes_no_result(pipeline, jobs, objects, computer):
    job_id = accept(jobs, objects)
    compute = computer.compute

    def freeze_meanwhile(*args):
        pipeline.leases._sure_until[job_id] = 0.0  # as after a long stop
        jobs.release(job_id, 1, counted=True)
        jobs.claim(job_id, "another", 60)
        return compute(*args)

    computer.compute = freeze_meanwhile
    pipeline.run(job_id)
    assert result_object(job_id) not in {info.key for info in objects.list("")}
    assert jobs.get(job_id).state is JobState.RUNNING


def test_a_stale_holder_cannot_overwrite_the_outcome_of_the_next(pipeline, jobs, objects):
    job_id = accept(jobs, objects)
    frozen = jobs.claim(job_id, "frozen", 0.01).record
    time.sleep(0.02)
    pipeline.run(job_id)
    late = JobResult(
        id=job_id, state=JobState.FAILED, attempt=frozen.attempt, finished_at=time.time()
    )
    assert not jobs.finish(late)
    assert jobs.get(job_id).state is JobState.SUCCEEDED


def test_the_lane_is_empty_when_all_is_done(pipeline, jobs, objects):
    for _ in range(3):
        pipeline.run(accept(jobs, objects))
    backlog = jobs.backlog(Lane.INTERACTIVE)
    assert (backlog.queued, backlog.running) == (0, 0)


def test_who_was_frozen_while_storing_leaves_the_result_of_the_next_alone(pipeline, jobs, objects):
    # Given a worker that freezes beyond its lease while it stores
    job_id = accept(jobs, objects)
    put, frozen = objects.put, []

    def put_and_freeze(key, data, **kwargs):
        put(key, data, **kwargs)
        if not frozen:
            frozen.append(key)
            jobs.renew([(job_id, 1)], 0.001)  # the lease of a frozen worker is not renewed
            time.sleep(0.01)
            pipeline.run(job_id)  # another takes the job and ends it
            frozen.append(objects.get(result_object(job_id)))

    objects.put = put_and_freeze
    # When it thaws and goes on
    pipeline.run(job_id)
    # Then
    assert jobs.get(job_id).attempt == 2
    assert objects.get(result_object(job_id)) == frozen[1]


def test_a_worker_without_memory_ends_itself_and_fails_no_job(pipeline, jobs, objects, computer):
    ended = []
    failures = replace(pipeline.failures, end_process=ended.append)
    pipeline = replace(pipeline, failures=failures)
    job_id = accept(jobs, objects)
    computer.failures[b"image"] = [MemoryError("no more")]
    pipeline.run(job_id)
    assert ended == [70]
    assert jobs.get(job_id).state is JobState.RUNNING  # until the lease of the dead runs out
