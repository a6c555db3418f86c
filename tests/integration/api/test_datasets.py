"""The dataset calls over a real ledger and a filesystem store; the tests play the workers."""

from __future__ import annotations

import gzip
import io
import json
import re
import time

import pytest

from contract.dataset_documents import DatasetDocument, ForecastDocument
from contract.documents import Problem
from contract.errors import NotFound, StorageUnavailable
from contract.items import Item, ItemFile, ItemResult
from contract.jobs import JobError
from contract.names.object_keys import run_object
from contract.names.queues import (
    STEP_FINALIZE,
    STEP_PLAN,
    TASK_FINALIZE_RUN,
    TASK_FORECAST_DATASET,
    TASK_PLAN_RUN,
)
from contract.runs import Counts, Forecast, PlannedRound, RunPlan, RunSummary
from contract.states import DatasetState
from storage.ledger.webhooks import WebhookQueue
from storage.runs.store import new_step
from worker.upkeep.run_restore import recover_runs

DEPTH = b"a depth map"
BAD = JobError(code="image_corrupt", message="its header is broken", retryable=False)


@pytest.fixture
def bucket(tmp_path):
    """A bucket of two images that datasets may read."""
    folder = tmp_path / "buckets" / "photos" / "cats"
    folder.mkdir(parents=True)
    for name in ("a.jpg", "b.jpg"):
        (folder / name).write_bytes(b"an image")
    return "s3://photos/cats/"


@pytest.fixture
def api(make_api, bucket):
    return make_api(dataset_buckets=("photos",))


def submit(api, bucket="s3://photos/cats/", query="", headers=None, **spec):
    body = {"prefix": bucket, **spec}
    return api.client.post(f"/v1/datasets{query}", json=body, headers=headers or {})


def document(response) -> DatasetDocument:
    assert response.status_code < 400, response.text
    return DatasetDocument.model_validate_json(response.data)


def problem(response) -> Problem:
    assert response.mimetype == "application/problem+json", response.text
    return Problem.model_validate_json(response.data)


def result(number: int, **fields) -> ItemResult:
    return ItemResult(id=f"{number:032x}", uri=f"s3://photos/cats/{number}.jpg", **fields)


def plan(api, dataset_id: str) -> None:
    """Play the planner: one shard of two items."""
    parts, step = api.parts, new_step(dataset_id, STEP_PLAN)
    assert parts.datasets.claim(step, "w", 10).outcome == "taken"
    items = [Item(id=f"{n:032x}", uri=f"s3://photos/cats/{n}.jpg") for n in range(2)]
    parts.files.write_shard(dataset_id, 0, items)
    rounds = (PlannedRound(round=0, first=0, shards=1, items=2),)
    parts.files.write_plan(dataset_id, RunPlan(rounds=rounds))
    parts.datasets.planned(step, 1, 2)


def run(api, dataset_id: str) -> None:
    """Play the worker and the finalizer: one success, one failure."""
    parts = api.parts
    plan(api, dataset_id)
    (leased,) = parts.datasets.dispatch(1)
    step = new_step(leased[0], str(leased[1]))
    parts.datasets.claim(step, "w", 10)
    key = run_object(dataset_id, f"outputs/{0:032x}/depth.png")
    parts.objects.put(key, DEPTH, media_type="image/png")
    made = ItemFile(key=key, bytes=len(DEPTH), sha256="0" * 64)
    good = result(0, state="succeeded", outputs={"depth": made})
    parts.files.write_results(dataset_id, 0, [good, result(1, state="failed", error=BAD)])
    counts = Counts(total=2, succeeded=1, failed=1, by_code={"image_corrupt": 1})
    parts.datasets.shard_done(step, counts, 0.5)
    finalize(api, dataset_id, counts, DatasetState.COMPLETED)


def finalize(api, dataset_id: str, counts: Counts, state: DatasetState) -> None:
    step = new_step(dataset_id, STEP_FINALIZE)
    api.parts.datasets.claim(step, "w", 10)
    now = time.time()
    summary = RunSummary(
        id=dataset_id, state=state, round=0, counts=counts, shards_total=1, shards_done=1,
        input_bytes=16, output_bytes=11, created_at=now, started_at=now, finished_at=now,
        wall_s=1.0, cpu_s=0.5, images_per_s=2.0, workers=("w",),
    )  # fmt: skip
    api.parts.files.write_summary(summary)
    api.parts.datasets.finalized(step, counts)


def test_a_prefix_is_kept_recorded_and_sent_to_be_planned(api):
    answer = submit(api, name="cats", options={"outputs": ["depth"]})
    made = document(answer)
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/v1/datasets/{made.id}" == made.links.self
    assert (made.state, made.terminal, made.name) == ("queued", False, "cats")
    assert made.source == "s3://photos/cats/"
    assert api.parts.files.request(made.id).spec.options.outputs == ("depth",)
    assert api.parts.dispatch.steps == [(TASK_PLAN_RUN, f"{made.id}/plan")]


def test_an_archive_is_kept_byte_by_byte(api):
    form = {"archive": (io.BytesIO(b"PK" * 5000), "x.zip"), "spec": json.dumps({"name": "zip"})}
    made = document(api.client.post("/v1/datasets", data=form))
    request = api.parts.files.request(made.id)
    assert (made.source, made.name) == ("archive", "zip")
    assert api.parts.objects.get(request.archive) == b"PK" * 5000


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ({}, "exactly one source"),
        ({"prefix": "s3://photos/cats/", "manifest": "s3://photos/x.csv"}, "not both"),
        ({"prefix": "s3://others/cats/"}, "may not use the bucket"),
        ({"prefix": "s3://photos/dogs/"}, "there is nothing below"),
        ({"manifest": "s3://photos/none.jsonl"}, "there is no manifest"),
        ({"prefix": "s3://photos/cats/", "color": "red"}, "color"),
        ({"prefix": "s3://photos/cats/", "options": {"size": "huge"}}, "options.size"),
        ({"prefix": "s3://photos/cats/", "webhook_url": "https://x.org/"}, "webhook_url"),
        ({"prefix": "s3://photos/cats/", "output_prefix": "s3://others/"}, "may not use"),
    ],
)
def test_what_is_plainly_wrong_is_refused_at_once_and_leaves_nothing(api, spec, says):
    answer = api.client.post("/v1/datasets", json=spec)
    assert answer.status_code == 400
    assert says in problem(answer).detail
    assert api.kept() == []
    assert api.parts.dispatch.steps == []


@pytest.mark.parametrize(
    ("name", "rows", "says"),
    [
        ("a.jsonl", b'{"uri":"s3://photos/a"}\n{"uri":"/b"}', "line 2, column `uri`: .*'/b'"),
        ("b.csv", b"url,label\ns3://photos/a,x\n", "no column `uri`; .* `url`, `label`"),
        ("c.jsonl", b'{"uri":"s3://others/a"}', "line 1, column `uri`: .*bucket others"),
        ("d.csv.gz", gzip.compress(b"uri\n"), "the manifest has no rows"),
    ],
)
def test_a_manifest_that_begins_wrong_is_refused_at_once_naming_row_and_column(
    api, tmp_path, name, rows, says
):
    (tmp_path / "buckets" / "photos" / name).write_bytes(rows)
    answer = api.client.post("/v1/datasets", json={"manifest": f"s3://photos/{name}"})
    assert answer.status_code == 400
    assert re.search(says, problem(answer).detail)
    assert api.kept() == []


def test_a_manifest_whose_beginning_is_right_is_taken_and_planned_by_a_worker(api, tmp_path):
    place = tmp_path / "buckets" / "photos"
    (place / "m.parquet").write_bytes(b"PAR1 that only a worker can read")
    (place / "m.csv").write_bytes(b"uri\n" + b"s3://photos/a\n" * 50_000 + b"wrong\n")
    for name in ("m.parquet", "m.csv"):
        answer = api.client.post("/v1/datasets", json={"manifest": f"s3://photos/{name}"})
        assert answer.status_code == 202, answer.text
    assert len(api.parts.dispatch.steps) == 2


@pytest.mark.parametrize(
    ("form", "status", "says"),
    [
        ({"image": (io.BytesIO(b"x"), "x"), "spec": "{}"}, 400, "'archive'"),
        ({"archive": (io.BytesIO(b"Rar!\x1a\x07\x01\0"), "x.zip")}, 400, "is a RAR archive; send"),
        ({"archive": (io.BytesIO(b"7z\xbc\xaf'\x1c\0\4"), "x.zip")}, 400, "is a 7-Zip archive"),
        ({"archive": (io.BytesIO(b"x"), "x"), "size": "model"}, 400, "one field, `spec`"),
        ({"archive": (io.BytesIO(b"x"), "x"), "spec": "no json"}, 400, "Invalid JSON"),
        ({"archive": (io.BytesIO(b"x" * 2000), "x")}, 413, "archive has more than 1000 bytes"),
    ],
)
def test_forms_that_are_not_datasets_are_refused(make_api, form, status, says):
    answer = make_api(max_archive_bytes=1000).client.post("/v1/datasets", data=form)
    assert answer.status_code == status
    assert says in problem(answer).detail


def test_a_body_of_another_type_is_refused(api):
    answer = api.client.post("/v1/datasets", data=b"x", content_type="text/plain")
    assert (answer.status_code, problem(answer).code) == (415, "unsupported_media_type")


def test_an_idempotency_key_makes_one_dataset(api):
    headers = {"Idempotency-Key": "k1"}
    first, again = (document(submit(api, headers=headers)) for _ in range(2))
    other = submit(api, name="other", headers=headers)
    assert first.id == again.id
    assert (other.status_code, problem(other).code) == (409, "conflict")
    assert len(api.parts.dispatch.steps) == 1


def test_a_replay_after_redis_was_wiped_is_the_same_dataset(api, redis):
    headers = {"Idempotency-Key": "k1"}
    first = document(submit(api, headers=headers))
    redis.flushall()
    parts = api.parts
    recover_runs(parts.objects, parts.datasets, parts.jobs, WebhookQueue(redis))
    assert document(submit(api, headers=headers)).id == first.id
    assert submit(api, name="other", headers=headers).status_code == 409


def test_a_broker_that_is_away_does_not_refuse_the_dataset(api):
    api.parts.dispatch.failing = True
    assert submit(api).status_code == 202
    assert api.parts.datasets.active() != []


def test_a_finished_dataset_tells_what_it_came_to(api):
    made = document(submit(api))
    run(api, made.id)
    done = document(api.client.get(f"{made.links.self}?wait=1"))
    assert (done.state, done.terminal) == ("completed", True)
    assert (done.counts.total, done.counts.succeeded, done.counts.failed) == (2, 1, 1)
    assert done.counts.by_code == {"image_corrupt": 1}
    assert (done.shards.done, done.shards.total, done.shards.planned) == (1, 1, True)
    assert done.summary.output_bytes == 11


def test_the_document_is_304_until_something_changes(api):
    made = document(submit(api))
    tag = api.client.get(made.links.self).headers["ETag"]
    same = api.client.get(made.links.self, headers={"If-None-Match": tag})
    plan(api, made.id)
    changed = api.client.get(made.links.self, headers={"If-None-Match": tag})
    assert (same.status_code, changed.status_code) == (304, 200)


def test_results_and_files_can_be_fetched(api):
    made = document(submit(api, options={"outputs": ["depth"]}))
    run(api, made.id)
    lines = [json.loads(line) for line in api.client.get(made.links.results).text.splitlines()]
    assert [line["state"] for line in lines] == ["succeeded", "failed"]
    with api.client.get(lines[0]["outputs"]["depth"]["url"]) as file:
        assert (file.data, file.mimetype) == (DEPTH, "image/png")
    with api.client.get(made.links.files["summary.json"]) as file:
        assert json.loads(file.data)["output_bytes"] == 11
    for url in (made.links.files["index.parquet"], f"{made.links.self}/files/dataset.json"):
        assert api.client.get(url).status_code == 404


@pytest.mark.parametrize("tail", ["heatmap", "secret", "..", "%2e%2e%2fdataset.json"])
def test_only_outputs_that_were_asked_for_are_served(api, tail):
    made = document(submit(api, options={"outputs": ["depth"]}))
    run(api, made.id)
    answer = api.client.get(f"{made.links.self}/items/{0:032x}/outputs/{tail}")
    assert answer.status_code == 404


def test_results_that_are_deleted_while_they_are_read_do_not_end_as_if_they_were_whole(api):
    made = document(submit(api))
    run(api, made.id)
    lines = api.client.get(made.links.results, buffered=False).iter_encoded()
    assert next(lines).count(b"\n") == 2  # of the first shard
    assert api.client.delete(made.links.self).status_code == 204
    with pytest.raises(NotFound, match="deleted while"):
        list(lines)


def test_results_take_a_slot_while_they_are_read_and_are_429_without_one(api):
    made = document(submit(api))
    run(api, made.id)
    url, waits = f"{made.links.self}/results", api.parts.waits
    reading = api.client.get(url, buffered=False)
    assert (reading.status_code, waits.taken) == (200, 1)
    while waits.try_take("others"):
        pass
    refused = api.client.get(url)
    assert (refused.status_code, problem(refused).code) == (429, "overloaded")
    assert refused.headers["Retry-After"]
    reading.close()
    assert waits.taken == waits.slots - 1


def test_failures_are_paged_and_filtered(api):
    made = document(submit(api))
    run(api, made.id)
    page = api.client.get(f"{made.links.errors}?limit=1").json
    assert page["errors"][0]["error"]["code"] == "image_corrupt"
    assert page["next_cursor"] is None
    assert api.client.get(f"{made.links.errors}?code=internal,poisoned").json["errors"] == []
    bad = api.client.get(f"{made.links.errors}?cursor=x")
    assert (bad.status_code, problem(bad).code) == (400, "invalid_request")


def test_a_retry_starts_the_next_round_and_only_once(api):
    made = document(submit(api))
    early = api.client.post(made.links.retry)
    run(api, made.id)
    other = api.client.post(made.links.retry, json={"codes": ["internal"]})
    again = api.client.post(made.links.retry, json={"codes": ["image_corrupt"]})
    twice = api.client.post(made.links.retry)
    assert [each.status_code for each in (early, other, again, twice)] == [409, 409, 202, 409]
    assert (document(again).round, document(again).state) == (1, "planning")
    assert "image_corrupt (1)" in problem(other).detail
    assert api.parts.files.last_retry(made.id).codes == ("image_corrupt",)
    assert api.parts.dispatch.steps[-1] == (TASK_PLAN_RUN, f"{made.id}/plan")


@pytest.mark.parametrize("body", [{"codes": "x"}, {"code": ["x"]}, [1]])
def test_a_retry_with_a_wrong_body_is_refused(api, body):
    made = document(submit(api))
    assert api.client.post(made.links.retry, json=body).status_code == 400


def test_cancel_stops_and_says_how_much_is_done(api):
    made = document(submit(api))
    plan(api, made.id)
    stopped = document(api.client.post(made.links.cancel))
    assert (stopped.state, stopped.counts.total, stopped.counts.done) == ("canceled", 2, 0)
    assert api.parts.files.canceled(made.id)
    assert api.parts.dispatch.steps[-1] == (TASK_FINALIZE_RUN, f"{made.id}/finalize")
    assert document(api.client.post(made.links.cancel)).state == "canceled"


def test_only_an_ended_dataset_can_be_deleted(api):
    made = document(submit(api))
    assert api.client.delete(made.links.self).status_code == 409
    api.client.post(made.links.cancel)
    assert api.client.delete(made.links.self).status_code == 409, "it is being wound up"
    finalize(api, made.id, Counts(), DatasetState.CANCELED)
    assert api.client.delete(made.links.self).status_code == 204
    assert api.kept() == []
    assert api.client.get(made.links.self).status_code == 404


def test_the_list_has_the_newest_first_in_pages(api):
    ids = []
    for number in range(3):
        ids.append(document(submit(api, name=str(number))).id)
        time.sleep(0.002)
    page = api.client.get("/v1/datasets?limit=2").json
    rest = api.client.get(f"/v1/datasets?limit=2&cursor={page['next_cursor']}").json
    listed = [each["id"] for each in page["datasets"] + rest["datasets"]]
    assert (listed, rest["next_cursor"]) == (ids[::-1], None)


def test_a_dry_run_answers_the_forecast_and_keeps_no_dataset(api):
    answer = submit(api, query="?dry_run=1")
    asked = ForecastDocument.model_validate_json(answer.data)
    assert (answer.status_code, asked.done) == (202, False)
    assert api.parts.dispatch.steps == [(TASK_FORECAST_DATASET, f"{asked.id}/forecast")]
    found = Forecast(
        id=asked.id, items=2, complete=True, input_bytes=16, sampled=2, sample_failed=0,
        images_per_s=4.0,
    )  # fmt: skip
    api.parts.files.write_forecast(found)
    done = ForecastDocument.model_validate_json(api.client.get(f"{asked.link}?wait=1").data)
    assert (done.done, done.forecast.items) == (True, 2)
    assert api.client.get(f"/v1/datasets/{asked.id}").status_code == 409
    assert api.client.get("/v1/datasets").json["datasets"] == []
    assert api.client.delete(f"/v1/datasets/{asked.id}").status_code == 204
    assert api.kept() == []


def test_a_dataset_that_redis_lost_is_found_in_storage(api, redis):
    made = document(submit(api))
    redis.flushall()
    assert document(api.client.get(made.links.self)).id == made.id
    assert api.parts.datasets.active() == [made.id]


def test_events_tell_the_end(api):
    made = document(submit(api))
    run(api, made.id)
    stream = api.client.get(made.links.events)
    mark = stream.text.partition("id: ")[2].partition("\n")[0]
    assert '"state":"completed"' in stream.text
    again = api.client.get(made.links.events, headers={"Last-Event-ID": mark})
    assert again.status_code == 204


def test_a_dataset_of_another_key_does_not_exist(make_api, bucket):
    api = make_api(dataset_buckets=("photos",), api_keys="one,two")
    mine, other = ({"Authorization": f"Bearer {key}"} for key in ("one", "two"))
    made = document(submit(api, headers=mine))
    run(api, made.id)
    dry = submit(api, query="?dry_run=1", headers=mine).json
    paths = ["", "/errors", "/results", "/events", "/files/summary.json"]
    paths += [f"/items/{0:032x}/outputs/depth"]
    for path in paths:
        answer = api.client.get(made.links.self + path, headers=other)
        assert (path, answer.status_code) == (path, 404)
        with api.client.get(made.links.self + path, headers=mine) as own:
            assert (path, own.status_code) == (path, 200)
    for path in ("/retry", "/cancel"):
        assert api.client.post(made.links.self + path, headers=other).status_code == 404
    assert api.client.delete(made.links.self, headers=other).status_code == 404
    assert api.client.get(dry["link"], headers=other).status_code == 404
    assert api.client.get("/v1/datasets", headers=other).json["datasets"] == []
    assert len(api.client.get("/v1/datasets", headers=mine).json["datasets"]) == 1
    assert api.client.get(made.links.self).status_code == 401


def test_a_replay_half_way_goes_on_under_the_same_id_and_is_listed_once(api, monkeypatch):
    headers = {"Idempotency-Key": "k1"}
    with monkeypatch.context() as patch:
        patch.setattr(api.parts.datasets, "create", fail)
        assert submit(api, headers=headers).status_code == 503
    again = document(submit(api, headers=headers))
    listed = api.client.get("/v1/datasets").json["datasets"]
    assert [each["id"] for each in listed] == [again.id]
    assert api.parts.datasets.active() == [again.id]


def test_a_ledger_that_is_away_leaves_nothing_behind(api, monkeypatch):
    monkeypatch.setattr(api.parts.datasets, "create", fail)
    answer = submit(api)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert api.kept() == []


def fail(*_) -> None:
    raise StorageUnavailable("as asked")
