"""Jobs by another model: accepted when it is known and served, queued and estimated apart."""

from __future__ import annotations

import io
import time
from dataclasses import replace

import pytest

from api.load import capacity
from contract.documents import ModelsDocument
from contract.models.midas_small import MODEL
from contract.models.registry import MODELS
from contract.names.queues import Lane, queue_name, queues_of
from storage.fleet.workers import HeldInfo, WorkerInfo
from tests.unit.api.fakes import jpeg

SLOW = replace(MODEL, name="slow_one", aliases=("slow_alias",), order=5)
URL = "/v1/jobs?model=slow_one"


@pytest.fixture(autouse=True)
def _known(monkeypatch) -> None:
    """A second model, and an API that looks anew at workers and queues each time."""
    monkeypatch.setitem(MODELS, "slow_one", SLOW)
    monkeypatch.setattr(capacity, "WORKERS_AGE_S", -1.0)
    monkeypatch.setattr(capacity, "BACKLOG_AGE_S", -1.0)


def announce(api, *held: HeldInfo, name="a", lane=Lane.INTERACTIVE) -> None:
    first = held[0]
    info = WorkerInfo(
        name=name, lane=lane, pid=1, host="h", started_at=time.time(), ready=True,
        engine=first.engine, precision=first.precision, model=first.name,
        weights_id=first.weights_id, images_per_s=first.images_per_s, models=held, slots=16,
    )  # fmt: skip
    api.parts.workers.announce(info, 30)


def held(name: str, images_per_s=0.0, declared=0.0) -> HeldInfo:
    return HeldInfo(
        name=name, weights_id=f"{name}-w", engine="openvino", precision="fp32",
        images_per_s=images_per_s, declared_images_per_s=declared, memory_bytes=10_000_000,
    )  # fmt: skip


def submit(api, url=URL, **headers):
    return api.client.post(url, data=jpeg(), content_type="image/jpeg", headers=headers)


def test_an_unknown_model_is_refused_with_those_there_are(api):
    answer = submit(api, "/v1/jobs?model=no_such_model")
    assert (answer.status_code, answer.json["code"]) == (400, "invalid_request")
    assert "known are " in answer.json["detail"]
    assert "midas_small" in answer.json["detail"]
    assert api.kept() == []


def test_a_video_waits_in_the_queue_of_its_model(api):
    announce(api, held("slow_one"), lane=Lane.BULK)

    def video(**fields):
        form = {"video": (io.BytesIO(bytes(100)), "clip.mp4"), **fields}
        return api.client.post("/v1/videos", data=form)

    made = video(model="slow_alias")
    assert (made.status_code, made.json["model"]) == (202, "slow_one")
    assert video().json["model"] == "midas_small"
    assert api.parts.dispatch.models == ["slow_one", "midas_small"]
    unknown, unserved = video(model="no_such_model"), video(model="dpt_large_384")
    assert (unknown.status_code, unknown.json["code"]) == (400, "invalid_request")
    assert (unserved.status_code, unserved.json["code"]) == (503, "model_not_served")
    assert len([key for key in api.kept() if "archive" in key]) == 2


def test_a_model_whose_name_could_be_no_model_s_is_refused(api):
    assert submit(api, "/v1/jobs?model=../etc").json["errors"][0]["field"] == "model"


def test_a_known_model_that_no_worker_holds_is_503_with_what_is_served(api):
    announce(api, held("midas_small"))
    answer = submit(api)
    assert (answer.status_code, answer.json["code"]) == (503, "model_not_served")
    assert "served are midas_small" in answer.json["detail"]
    assert answer.json["retryable"]
    assert api.kept() == []


def test_it_waits_for_a_worker_where_the_operator_wants_that(make_api):
    api = make_api(accept_unserved_models=True)
    assert submit(api).status_code == 202


def test_the_default_model_waits_for_workers_as_ever(api):
    assert submit(api, "/v1/jobs").status_code == 202


def test_a_model_that_only_a_worker_knows_is_accepted(api):
    announce(api, held("of_my_own"))
    assert submit(api, "/v1/jobs?model=of_my_own").status_code == 202


def test_its_jobs_have_a_queue_and_an_estimate_of_their_own(api):
    # Given a fast and a slow model and three jobs of the fast one
    announce(api, held("midas_small", 10.0), held("slow_one", 0.5))
    for _ in range(3):
        submit(api, "/v1/jobs")
    # When a job of the slow one is submitted, by its alias
    job = submit(api, "/v1/jobs?model=slow_alias").json
    # Then it is first in its own queue, and takes that model's time
    assert job["options"]["model"] == "slow_one"
    assert (job["position"], job["eta_s"]) == (0, 2.0)
    assert api.parts.dispatch.models == ["midas_small"] * 3 + ["slow_one"]
    assert api.queued() == 3
    assert api.parts.jobs.backlog(Lane.INTERACTIVE, "slow_one").queued == 1


def test_before_anything_is_measured_the_declaration_is_the_estimate(api):
    announce(api, held("slow_one", declared=0.25))
    assert submit(api).json["eta_s"] == 4.0


def test_a_full_queue_of_one_model_refuses_that_model_only(make_api):
    api = make_api(max_backlog=1)
    announce(api, held("midas_small", 10.0), held("slow_one", 0.1))
    submit(api)
    answer = submit(api)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "10")
    assert submit(api, "/v1/jobs").status_code == 202


def test_an_idempotent_repetition_needs_no_worker_any_more(api):
    announce(api, held("slow_one"))
    key = {"Idempotency-Key": "once"}
    first = submit(api, **key).json
    api.parts.workers.withdraw("a")
    assert submit(api, **key).json["id"] == first["id"]
    assert submit(api).status_code == 503
    assert submit(api, "/v1/jobs", **key).status_code == 409, "another model is another request"


def test_a_dataset_needs_a_bulk_worker_that_holds_its_model(make_api):
    api = make_api(engine="simulated", simulation=True)
    announce(api, held("slow_one"))
    body = {"prefix": "s3://null/4", "options": {"model": "slow_one"}}
    assert api.client.post("/v1/datasets", json=body).json["code"] == "model_not_served"
    announce(api, held("slow_one"), name="b", lane=Lane.BULK)
    answer = api.client.post("/v1/datasets", json=body)
    assert answer.status_code == 202
    assert answer.json["spec"]["options"]["model"] == "slow_one"
    assert api.parts.dispatch.models == ["slow_one"]


def test_the_list_says_what_is_known_and_what_is_served(api):
    announce(api, held("midas_small", 10.0), held("slow_one", 0.5))
    answer = ModelsDocument.model_validate_json(api.client.get("/v1/models").data)
    served = {model.name: model for model in answer.models}
    assert served["slow_one"].images_per_s == 0.5
    assert served["slow_one"].memory_bytes == 10_000_000
    assert served["slow_one"].served_by == ["a"]
    known = {model.name: model for model in answer.known}
    assert known["midas_small"].licence == "MIT"
    assert known["midas_small"].input.side_px == 256
    assert known["midas_small"].gflop > 0
    assert known["slow_one"].aliases == ["slow_alias"]
    assert known["slow_one"].served


def test_metrics_tell_each_model_s_backlog(api):
    announce(api, held("midas_small", 10.0), held("slow_one", 0.5))
    submit(api)
    text = api.client.get("/metrics").text
    for line in (
        'depthq_jobs{lane="interactive",state="queued"} 1.0',
        'depthq_backlog_seconds_per_worker{lane="interactive"} 0.0',
        'depthq_model_jobs_queued{lane="interactive",model="slow_one"} 1.0',
        'depthq_model_live_workers{lane="interactive",model="slow_one"} 1.0',
        'depthq_model_backlog_seconds_per_worker{lane="interactive",model="slow_one"} 2.0',
    ):
        assert line in text


def test_a_record_that_names_no_other_model_says_nothing_of_models(api):
    job = submit(api, "/v1/jobs").json
    record = api.parts.jobs.get(job["id"])
    assert "model" not in record.request.model_dump()["options"]
    assert "model" not in job["options"]


def test_deleting_a_job_leaves_no_trace_in_its_model_s_queue(api):
    announce(api, held("slow_one"))
    job = submit(api).json
    api.client.delete(f"/v1/jobs/{job['id']}")
    assert api.parts.jobs.backlog(Lane.INTERACTIVE, "slow_one").queued == 0
    assert api.parts.jobs.models() == ("midas_small", "slow_one")


def test_the_default_model_s_queues_keep_their_names():
    assert queue_name(Lane.INTERACTIVE) == "depthq.interactive"
    assert queues_of(Lane.BULK)[:2] == ("depthq.bulk", "depthq.bulk.steps")
    assert queues_of(Lane.BULK, ["slow_one"])[:2] == (
        "depthq.bulk:slow_one",
        "depthq.bulk.steps:slow_one",
    )
