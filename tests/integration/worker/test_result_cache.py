"""The result cache in the pipeline, on a real Redis."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from redis import Redis

from contract.ids import new_id
from contract.jobs import DepthInfo, InputInfo, JobRecord, JobRequest, JobResult
from contract.names.object_keys import input_object, job_prefix, output_object, result_object
from contract.options import JobOptions
from contract.states import JobState
from storage.jobs.result_index import ResultIndex
from storage.jobs.store import JobStore
from tests.held import ABOUT
from tests.integration.worker.pipelines import make_pipeline
from tests.services.memory_store import MemoryStore
from worker.compute.computer import Computed
from worker.imaging.prepared import Prepared
from worker.jobs.pipeline import Pipeline
from worker.jobs.result_cache import ResultCache
from worker.outputs.render import RenderedFile

MODEL = ABOUT.at((32, 32))


class Computer:
    """Makes a depth file that says how often it was asked."""

    calls = 0

    def holds(self, model) -> bool:
        return True

    def compute(self, data, options, clock, deadline_at=None) -> Computed:
        self.calls += 1
        file = RenderedFile("depth", "png", "image/png", 1, 1, b"depth %d" % self.calls)
        prepared = Prepared.__new__(Prepared)
        about = {"downsampled_to": None, "width": 1, "height": 1, "warnings": ()}
        for name, value in about.items():
            object.__setattr__(prepared, name, value)
        return Computed(prepared, MODEL, DepthInfo(min=0, max=1), [file])


@pytest.fixture
def jobs(redis: Redis) -> JobStore:
    return JobStore(redis)


@pytest.fixture
def objects() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def computer() -> Computer:
    return Computer()


@pytest.fixture
def pipeline(redis, jobs, objects, computer) -> Pipeline:
    cache = ResultCache(objects, ResultIndex(redis), {"midas_small": ABOUT}, 4096)
    return make_pipeline(redis, jobs, objects, computer, cache)


@pytest.fixture
def run(pipeline, jobs, objects):
    def accept_and_run(sha256="a" * 64, owner=None, pipeline=pipeline, **options) -> JobResult:
        job_id, now = new_id(), time.time()
        request = JobRequest(
            id=job_id,
            created_at=now,
            expires_at=now + 600,
            options=JobOptions(**options),
            input=InputInfo(media_type="image/png", bytes=1, sha256=sha256, width=1, height=1),
            owner=owner,
        )
        objects.put(input_object(job_id), b"image", media_type="image/png")
        assert jobs.create(JobRecord(request=request))
        pipeline.run(job_id)
        record = jobs.get(job_id)
        assert record is not None
        assert record.state is JobState.SUCCEEDED
        assert record.result is not None
        return record.result

    return accept_and_run


def test_the_same_picture_again_is_not_computed_and_has_files_of_its_own(run, objects, computer):
    first, second = run(), run()
    assert computer.calls == 1
    assert second.outputs["depth"].key == output_object(second.id, "depth", "png")
    assert objects.get(second.outputs["depth"].key) == b"depth 1"
    assert JobResult.model_validate_json(objects.get(result_object(second.id))) == second
    assert (second.depth, second.model) == (first.depth, first.model)
    # nor do they need the first any longer
    objects.delete(info.key for info in list(objects.list(job_prefix(first.id))))
    run()
    assert computer.calls == 1


def test_another_picture_option_or_owner_is_another_computation(run, computer):
    run()
    run(sha256="b" * 64)
    run(colormap="turbo")
    run(invert=True)
    run(owner="somebody")
    run(owner="somebody else")
    assert computer.calls == 6


def test_options_that_change_no_file_do_not_matter(run, computer):
    run()
    run(deadline_s=60, outputs=("heatmap", "depth"))
    assert computer.calls == 1


def test_other_weights_or_limits_are_another_computation(run, pipeline, objects, redis, computer):
    run()
    other = {"midas_small": replace(ABOUT, weights_id="other")}
    index = ResultIndex(redis)
    run(pipeline=replace(pipeline, cache=ResultCache(objects, index, other, 4096)))
    run(pipeline=replace(pipeline, cache=ResultCache(objects, index, {"midas_small": ABOUT}, 1024)))
    assert computer.calls == 3


@pytest.mark.parametrize("name", ["result.json", "depth.png"])
def test_what_was_deleted_is_computed_again(run, objects, computer, name):
    first = run()
    objects.delete([job_prefix(first.id) + name])
    second = run()
    assert objects.get(second.outputs["depth"].key) == b"depth 2"


def test_a_file_that_changed_is_not_handed_on(run, objects, computer):
    first = run()
    objects.put(first.outputs["depth"].key, b"rotten", media_type="image/png")
    second = run()
    assert objects.get(second.outputs["depth"].key) == b"depth 2"


def test_it_is_forgotten_with_the_files(run, redis):
    run()
    (key,) = redis.keys("depthq:result-of:*")
    assert 500 < redis.ttl(key) <= 600


def test_without_the_cache_everything_is_computed(run, pipeline, computer):
    plain = replace(pipeline, cache=None)
    run(pipeline=plain)
    run(pipeline=plain)
    assert computer.calls == 2
