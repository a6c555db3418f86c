"""The Python client against the real service, with results in S3 behind presigned URLs."""

from __future__ import annotations

import pytest

from contract.errors import Conflict, ImageCorrupt, InvalidRequest, UnsupportedMediaType
from depthq import read_depth
from tests.e2e.service.conftest import Service
from tests.photographs import crops
from tests.waits import PATIENT_S


def test_results_are_downloaded_from_the_store_and_can_be_read(service: Service, tmp_path):
    job = service.client.submit(next(crops(1)), wait=PATIENT_S, depth_format="npy")
    files = service.client.download(job, tmp_path, stem="crop")
    assert sorted(path.name for path in files.values()) == ["crop.depth.npy", "crop.heatmap.jpg"]
    depth = read_depth(files["depth"]).values
    assert depth.min() == pytest.approx(job.document["depth"]["min"], rel=1e-4)
    assert depth.max() == pytest.approx(job.document["depth"]["max"], rel=1e-4)


def test_events_tell_every_job_to_its_end(service: Service):
    job = service.client.submit(next(crops(1)))
    events = list(service.client.events(job.id))
    assert events[-1].succeeded
    assert {event.id for event in events} == {job.id}


def test_a_rerun_with_its_own_key_finds_the_job_of_the_first_run(service: Service):
    image, other = crops(2)
    first = service.client.submit(image, idempotency_key="run-7/cat")
    assert service.client.submit(image, idempotency_key="run-7/cat").id == first.id
    with pytest.raises(Conflict):
        service.client.submit(other, idempotency_key="run-7/cat")
    service.client.wait(first.id, PATIENT_S)  # so that the next test begins with a service at rest


def test_refusals_are_typed(service: Service):
    with pytest.raises(UnsupportedMediaType):
        service.client.submit(b"no picture at all, just words that go on for a while")
    with pytest.raises((ImageCorrupt, UnsupportedMediaType)):
        service.client.submit(b"\xff\xd8\xff\xe0" + b"\0" * 40)
    with pytest.raises(InvalidRequest, match="colormap"):
        service.client.submit(next(crops(1)), colormap="plaid")


def test_the_service_describes_itself(service: Service):
    assert service.client.version()["name"] == "depthq"
    assert service.client.models()["models"][0]["weights_id"]
