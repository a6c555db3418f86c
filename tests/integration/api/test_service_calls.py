"""Models, readiness, metrics."""

from __future__ import annotations

import time

from contract.documents import ModelsDocument, ReadinessDocument
from contract.ids import new_id
from contract.names.queues import Lane
from contract.outputs.registry import OUTPUTS
from contract.runs import Counts, DatasetSpec, RunRecord, RunRequest
from storage.fleet.workers import Tally, WorkerInfo
from tests.unit.api.fakes import jpeg


def announce(api, name, **more) -> None:
    info = WorkerInfo(
        name=name, lane=Lane.INTERACTIVE, pid=1, host="h", started_at=time.time(), ready=True,
        engine="openvino", precision="fp32", model="midas_small", weights_id="w1",
        images_per_s=10.0, slots=16, **more,
    )  # fmt: skip
    api.parts.workers.announce(info, 30)


def test_models_are_those_of_live_workers(api):
    announce(api, "a")
    announce(api, "b")
    answer = ModelsDocument.model_validate_json(api.client.get("/v1/models").data)
    (model,) = answer.models
    assert (model.name, model.workers, model.images_per_s) == ("midas_small", 2, 20.0)


def test_without_workers_there_is_a_default_but_no_model(api):
    answer = ModelsDocument.model_validate_json(api.client.get("/v1/models").data)
    assert (answer.default, answer.models) == ("midas_small", [])


def test_readiness_lists_workers(api):
    announce(api, "a")
    answer = ReadinessDocument.model_validate_json(api.client.get("/readyz").data)
    assert answer.ready
    assert [worker.name for worker in answer.workers] == ["a"]


def test_metrics_tell_of_requests_backlog_and_workers(api):
    announce(api, "a")
    api.client.post("/v1/jobs", data=jpeg(), content_type="image/jpeg")
    api.client.post("/v1/jobs", data=b"x", content_type="image/jpeg")
    text = api.client.get("/metrics").text
    for line in (
        'depthq_http_requests_total{code="202",method="POST",route="/v1/jobs"} 1.0',
        'depthq_jobs_refused_total{code="unsupported_media_type"} 1.0',
        "depthq_jobs_accepted_total 1.0",
        'depthq_jobs{lane="interactive",state="queued"} 1.0',
        'depthq_live_workers{lane="interactive"} 1.0',
        'depthq_backlog_seconds_per_worker{lane="interactive"} 0.1',
        'depthq_oldest_job_age_seconds{lane="interactive"}',
    ):
        assert line in text


def test_metrics_tell_what_workers_have_counted_and_how_full_things_are(api):
    counted = Tally(images=120, batches=10, failures={"image_corrupt": 3})
    announce(api, "a", tally=counted, busy=2, draining=True)
    text = api.client.get("/v1/metrics").text
    about = 'engine="openvino",lane="interactive",model="midas_small",state="draining",worker="a"'
    for line in (
        f"depthq_fleet_images_per_second{{{about}}} 10.0",
        'depthq_fleet_busy{worker="a"} 2.0',
        'depthq_fleet_images{worker="a"} 120.0',
        'depthq_fleet_batches{worker="a"} 10.0',
        'depthq_fleet_failures{code="image_corrupt",worker="a"} 3.0',
        'depthq_redis_memory_bytes{of="limit"} 0.0',
        'depthq_disk_bytes{of="used"}',
    ):
        assert line in text


def test_the_operations_page_wants_a_key_for_its_data_where_there_are_keys(make_api):
    api = make_api(api_keys=("open-sesame-1234",))
    assert api.client.get("/ops").status_code == 200
    assert api.client.get("/v1/metrics").status_code == 401
    key = {"Authorization": "Bearer open-sesame-1234"}
    assert "depthq_jobs" in api.client.get("/v1/metrics", headers=key).text


def test_what_datasets_have_left_counts_as_the_bulk_lanes_backlog(api):
    request = RunRequest(id=new_id(), created_at=1.0, spec=DatasetSpec(prefix="s3://photos/"))
    running = {"state": "running", "planned": True, "counts": Counts(total=50, succeeded=30)}
    api.parts.datasets.create(RunRecord(request=request, shards_total=5, **running))
    text = api.client.get("/metrics").text
    assert "depthq_dataset_items_left 20.0" in text
    assert 'depthq_backlog_seconds_per_worker{lane="bulk"} 20.0' in text
    assert 'depthq_backlog_seconds_per_worker{lane="interactive"} 0.0' in text


def test_the_estimate_uses_the_workers_speed(api):
    announce(api, "a")
    job = api.client.post("/v1/jobs", data=jpeg(), content_type="image/jpeg").json
    assert (job["position"], job["eta_s"]) == (0, 0.1)


def test_outputs_say_about_what_they_cost(api):
    listed = {each["name"]: each["cost"] for each in api.client.get("/v1/outputs").json["outputs"]}
    assert listed.keys() == OUTPUTS.keys()
    assert listed["mesh"] == {"ms": 92.0, "ms_per_megapixel": 7.1}
