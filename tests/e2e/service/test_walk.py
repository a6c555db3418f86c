"""The main job: images in over HTTP, depth out of S3, whatever happens to the processes between."""

from __future__ import annotations

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from client.job import Job
from contract.names.object_keys import input_object, job_prefix, read_idempotency_mark
from depthq import DepthClient, read_depth
from tests.e2e.service.conftest import Service
from tests.photographs import crops
from tests.waits import PATIENT_S

pytestmark = pytest.mark.timeout(900)  # begins among the first: its service serves the folder

COUNT = 40  # more than a worker has done when its first is
FEWER = 18  # enough for several batches
BF16_STEP = 0.03  # a batch may sum in another order than one image alone; bf16 has 8 bits


def submit_all(client: DepthClient, images: list[bytes]) -> list[Job]:
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda image: client.submit(image, size="model"), images))


def wait_all(client: DepthClient, jobs: list[Job]) -> list[Job]:
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda job: client.wait(job.id, PATIENT_S), jobs))


def depth_of(service: Service, job: Job) -> np.ndarray:
    key = job_prefix(job.id) + "depth.png"
    return read_depth(service.stored()[key]).values


def batch_sizes(metrics: str) -> dict[float, int]:
    """Return the batch-size histogram's buckets, cumulative."""
    pattern = r'depthq_batch_size_bucket\{le="([0-9.]+)"\} ([0-9.]+)'
    return {float(size): int(float(count)) for size, count in re.findall(pattern, metrics)}


def is_as_it_should_be(stored: dict[str, bytes], jobs: list[Job]) -> bool:
    """Tell whether each job has its files and the mark of its key, each once, and nothing else."""
    names = ("input", "depth.png", "heatmap.jpg", "result.json")
    files = {job_prefix(job.id) + name for job in jobs for name in names}
    marks = stored.keys() - files
    marked = Counter(key.rpartition("/")[0] + "/" for key in marks)
    assert all(read_idempotency_mark(key.rpartition("/")[2]) for key in marks)
    assert marked == Counter(job_prefix(job.id) for job in jobs)  # the client sends a key with each
    return files <= stored.keys()


def test_a_mixed_batch_gives_each_image_the_depth_it_has_alone(service: Service):
    images = list(crops(FEWER))
    jobs = wait_all(service.client, submit_all(service.client, images))
    assert [job.error for job in jobs] == [None] * FEWER
    sizes = batch_sizes(service.worker.get("/metrics"))
    assert sizes[64.0] > sizes[1.0], "no batch was larger than 1"
    stored = service.stored()
    assert is_as_it_should_be(stored, jobs)
    for image, job in list(zip(images, jobs, strict=True))[::3]:
        together = read_depth(stored[job_prefix(job.id) + "depth.png"]).values
        alone = depth_of(service, service.client.submit(image, size="model", wait=PATIENT_S))
        assert np.abs(together - alone).max() <= BF16_STEP * np.ptp(alone)


def test_one_undecodable_image_fails_alone_and_without_a_traceback(service: Service):
    images = list(crops(FEWER, seed=1))
    images[10] = images[10][: images[10].index(b"\xff\xda")]  # header whole, no pixel at all
    jobs = wait_all(service.client, submit_all(service.client, images))
    failed = [job for job in jobs if not job.succeeded]
    assert [job.document["error"]["code"] for job in failed] == ["image_undecodable"]
    assert failed[0].id == jobs[10].id
    assert not [line for line in service.worker.log_lines() if "traceback" in line]


def test_a_killed_worker_loses_nothing_and_doubles_nothing(service: Service):
    jobs = submit_all(service.client, list(crops(COUNT, seed=2)))
    service.client.wait(jobs[0].id, PATIENT_S)  # in the middle: some are done, most are not
    service.worker.kill()
    unfinished = [job for job in jobs if not service.client.get(job.id).terminal]
    assert unfinished, "the worker was too fast to be killed in the middle"
    service.worker.start()
    jobs = wait_all(service.client, jobs)
    assert all(job.succeeded for job in jobs)
    assert is_as_it_should_be(service.stored(), jobs)


def test_a_wiped_redis_is_rebuilt_from_storage(service: Service):
    service.worker.kill()
    jobs = submit_all(service.client, list(crops(8, seed=3)))
    service.valkey.wipe()
    from worker.reconcile import reconcile

    counts = reconcile(service.settings, days=2)
    assert counts["rebuilt"] == len(jobs)
    service.worker.start()
    jobs = wait_all(service.client, jobs)
    assert all(job.succeeded for job in jobs)


def test_a_deleted_job_leaves_nothing(service: Service):
    job = service.client.submit(next(crops(1)), wait=PATIENT_S)
    assert input_object(job.id) in service.stored()
    service.client.delete(job.id)
    assert service.stored() == {}
