"""`refine=guided` from the options of a job or a dataset to its files, decoding child included."""

from __future__ import annotations

import hashlib
import io
import time
from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from PIL import Image
from redis import Redis

from contract.ids import new_id
from contract.jobs import InputInfo, JobRecord, JobRequest, JobResult
from contract.names.object_keys import input_object
from contract.options import JobOptions
from contract.states import DatasetState, JobState
from storage.jobs.result_index import ResultIndex
from storage.jobs.store import JobStore
from tests.held import ABOUT, held
from tests.integration.worker.pipelines import make_pipeline
from tests.pictures import encoded
from tests.services.memory_store import MemoryStore
from tests.unit.worker.imaging.conftest import LIMITS
from worker.compute.batcher import Batcher
from worker.compute.computer import Computer
from worker.engines.simulated import SimulatedEngine
from worker.imaging.decoder import Decoder
from worker.jobs.pipeline import Pipeline
from worker.jobs.result_cache import ResultCache
from worker.outputs.encoding.guided import guided_upsample

EDGE = 803  # where the picture turns from black to white: no multiple of the network's pixels
GUIDED = {"outputs": ("depth",), "depth_format": "npy", "refine": "guided"}


@pytest.fixture(scope="module")
def computer() -> Iterator[Computer]:
    """The worker's own computer, with an engine whose depth follows the picture's brightness."""
    decoder = Decoder(**LIMITS)
    batcher = Batcher(SimulatedEngine(batch_s=0, image_s=0).infer, 8)
    decoder.start()
    batcher.start()
    yield Computer(decoder, held(batcher))
    batcher.stop()
    decoder.stop()


@pytest.fixture
def objects() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def jobs(redis: Redis) -> JobStore:
    return JobStore(redis)


@pytest.fixture
def pipeline(redis, jobs, objects, computer) -> Pipeline:
    cache = ResultCache(objects, ResultIndex(redis), {"midas_small": ABOUT}, 4096)
    return make_pipeline(redis, jobs, objects, computer, cache)


def photograph(kind: str = "JPEG") -> bytes:
    """A picture of 1600 x 1000, black on the left and white on the right of EDGE."""
    pixels = np.zeros((1000, 1600, 3), np.uint8)
    pixels[:, EDGE:] = 255
    return encoded(Image.fromarray(pixels), kind)


def run(pipeline: Pipeline, data: bytes, **options) -> JobResult:
    """Do what the API does, then the worker's part; return the result."""
    job_id, now = new_id(), time.time()
    request = JobRequest(
        id=job_id,
        created_at=now,
        expires_at=now + 600,
        options=JobOptions(**options),
        input=InputInfo(
            media_type="image/jpeg",
            bytes=len(data),
            sha256=hashlib.sha256(data).hexdigest(),
            width=1600,
            height=1000,
        ),
    )
    pipeline.objects.put(input_object(job_id), data, media_type="image/jpeg")
    assert pipeline.leases._jobs.create(JobRecord(request=request))
    pipeline.run(job_id)
    record = pipeline.jobs.get(job_id)
    assert record.state is JobState.SUCCEEDED
    return record.result


def numbers(objects: MemoryStore, key: str) -> np.ndarray:
    return np.load(io.BytesIO(objects.get(key)))


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_depth_of_a_refined_job_has_its_edge_where_the_photograph_has_it(
    pipeline, objects, kind
) -> None:
    data = photograph(kind)
    cubic = run(pipeline, data, outputs=("depth",), depth_format="npy")
    small = run(pipeline, data, outputs=("depth",), depth_format="npy", size="model")
    guided = run(pipeline, data, **GUIDED)
    values = numbers(objects, guided.outputs["depth"].key)
    step = np.abs(np.diff(values[500]))
    assert step.argmax() + 1 == EDGE
    assert step.max() > 3 * np.abs(np.diff(numbers(objects, cubic.outputs["depth"].key)[500])).max()
    pixels = cv2.cvtColor(cv2.imdecode(np.frombuffer(data, np.uint8), 1), cv2.COLOR_BGR2RGB)
    true = guided_upsample(numbers(objects, small.outputs["depth"].key), pixels)
    np.testing.assert_array_equal(values, true)
    assert (guided.depth.min, guided.depth.max) == (values.min(), values.max())


def test_the_heat_map_is_refined_too(pipeline, objects) -> None:
    shown = {}
    for refine in ("cubic", "guided"):
        look = {"heatmap_format": "png", "colormap": "gray", "refine": refine}
        key = run(pipeline, photograph(), **look).outputs["heatmap"].key
        row = np.asarray(Image.open(io.BytesIO(objects.get(key))))[500].astype(int)
        shown[refine] = np.abs(np.diff(row))
    assert shown["guided"].argmax() + 1 == EDGE
    assert shown["guided"].max() > 3 * shown["cubic"].max()


def test_a_refined_result_is_reused_for_refined_jobs_only(pipeline, objects) -> None:
    wanted = {"guided": GUIDED, "cubic": {**GUIDED, "refine": "cubic"}, "guided again": GUIDED}
    results = {name: run(pipeline, photograph("PNG"), **wanted[name]) for name in wanted}
    files = {name: objects.get(result.outputs["depth"].key) for name, result in results.items()}
    assert files["guided again"] == files["guided"] != files["cubic"]
    assert [results[name].timings.batch_size for name in wanted] == [1, 1, 0]  # 0: no inference


def test_at_the_networks_size_there_is_nothing_to_refine(pipeline, objects) -> None:
    plain, refined = (
        run(pipeline, photograph(), **{**GUIDED, "refine": refine, "size": "model"})
        for refine in ("cubic", "guided")
    )
    same = [objects.get(result.outputs["depth"].key) for result in (plain, refined)]
    assert same[0] == same[1]


def test_the_items_of_a_refined_dataset_are_refined(make_rig, photos, computer) -> None:
    photos.put("photos/a.jpg", photograph(), media_type="image/jpeg")
    rig = make_rig(computer=computer)
    dataset_id = rig.submit(prefix="s3://photos/photos/", options=JobOptions(**GUIDED))
    assert rig.run(dataset_id).state is DatasetState.COMPLETED
    (result,) = rig.results(dataset_id)
    step = np.abs(np.diff(numbers(rig.objects, result.outputs["depth"].key)[500]))
    assert step.argmax() + 1 == EDGE
    assert "refine" in rig.files.request(dataset_id).model_dump_json()
