"""Submitting, polling, fetching and deleting over a real ledger."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from contract.documents import JobDocument, Problem
from contract.ids import new_id
from contract.names.object_keys import input_object
from contract.names.queues import Lane
from contract.names.redis_keys import CHANGES_CHANNEL, ENDINGS_CHANNEL, RECORDS_CHANNEL
from storage.jobs.handover import PLACE_BYTES, Places
from storage.jobs.scripts import CHANNELS
from storage.ledger.webhooks import WebhookQueue
from tests.integration.api.worker import DEPTH, fail, start, succeed
from tests.integration.storage.records import make_result
from tests.unit.api.fakes import jpeg
from tests.waits import PATIENT_S, wait_until
from worker.upkeep.restore import restore_jobs

IMAGE = {"Content-Type": "image/jpeg"}


def submit(api, query="", **headers):
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return api.client.post(f"/v1/jobs{query}", data=jpeg(), headers={**IMAGE, **names})


def document(response) -> JobDocument:
    return JobDocument.model_validate_json(response.data)


def form(**fields):
    return {"image": (io.BytesIO(jpeg()), "ä/../../x.jpg"), **fields}


def test_a_raw_image_is_kept_recorded_and_enqueued(api):
    answer = submit(api, "?outputs=depth&size=model")
    job = document(answer)
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"/v1/jobs/{job.id}" == job.links.self
    assert (job.state, job.terminal, job.options.outputs) == ("queued", False, ("depth",))
    assert (job.input.media_type, job.input.width, job.input.height) == ("image/jpeg", 64, 48)
    assert api.parts.objects.get(input_object(job.id)) == jpeg()
    assert api.parts.dispatch.sent == [(job.id, Lane.INTERACTIVE)]
    assert api.queued() == 1


def test_a_small_input_is_handed_to_the_worker_and_kept_all_the_same(api):
    api.parts.jobs._places = Places(64 * PLACE_BYTES)
    job = document(submit(api))
    assert api.parts.jobs.claim(job.id, "w", 60).input == jpeg()
    assert api.parts.objects.get(input_object(job.id)) == jpeg()


@pytest.mark.parametrize("outputs", ["depth,heatmap", ["depth", "heatmap"]])
def test_a_form_brings_its_options_and_its_file_name_is_never_used(api, outputs):
    answer = api.client.post("/v1/jobs", data=form(outputs=outputs, colormap="turbo"))
    job = document(answer)
    assert answer.status_code == 202, answer.text
    assert (job.options.outputs, job.options.colormap) == (("depth", "heatmap"), "turbo")
    assert api.kept() == [input_object(job.id)]


def test_the_document_tells_position_and_estimate_while_queued(api):
    first, second = document(submit(api)), document(submit(api))
    positions = [document(api.client.get(job.links.self)).position for job in (first, second)]
    assert sorted(positions) == [0, 1]


def test_a_broker_that_is_away_does_not_refuse_the_job(api):
    api.parts.dispatch.failing = True
    answer = submit(api)
    assert answer.status_code == 202
    assert api.queued() == 1


def test_a_finished_job_has_its_files(api):
    job = document(submit(api, "?outputs=depth"))
    succeed(api.parts, job.id)
    done = document(api.client.get(job.links.self))
    assert (done.state, done.terminal, done.position) == ("succeeded", True, None)
    assert done.outputs["depth"].url == job.links.outputs["depth"]
    assert (job.input.warnings, done.input.warnings) == ((), ("corrupt_data",))
    assert (done.depth.min, done.model.engine, done.timings.infer_ms) == (0.5, "simulated", 1.5)
    assert done.finished_at >= done.created_at
    with api.client.get(done.outputs["depth"].url) as file:
        assert file.data == DEPTH
        assert file.mimetype == "image/png"
        assert file.headers["Content-Disposition"] == f'attachment; filename="{job.id}.depth.png"'
        assert file.headers["X-Content-Type-Options"] == "nosniff"


def test_a_part_of_an_output_can_be_asked_for(api):
    job = document(submit(api, "?outputs=depth"))
    succeed(api.parts, job.id)
    with api.client.get(job.links.outputs["depth"], headers={"Range": "bytes=5-9"}) as part:
        assert (part.status_code, part.data) == (206, DEPTH[5:10])


def test_an_output_known_by_its_tag_is_not_sent_again(api):
    job = document(submit(api, "?outputs=depth"))
    succeed(api.parts, job.id)
    with api.client.get(job.links.outputs["depth"]) as first:
        tag = first.headers["ETag"]
    with api.client.get(job.links.outputs["depth"], headers={"If-None-Match": tag}) as second:
        assert (second.status_code, second.data) == (304, b"")


def test_outputs_of_a_running_job_are_a_conflict_and_strange_ones_not_found(api):
    job = document(submit(api, "?outputs=depth"))
    assert api.client.get(f"{job.links.self}/outputs/depth").status_code == 409
    assert api.client.get(f"{job.links.self}/outputs/heatmap").status_code == 404
    assert api.client.get(f"{job.links.self}/outputs/..%2finput").status_code == 404


def test_a_failed_job_says_why(api):
    job = document(submit(api))
    fail(api.parts, job.id)
    done = document(api.client.get(job.links.self))
    assert (done.state, done.error.code, done.error.retryable) == (
        "failed",
        "image_undecodable",
        False,
    )


def test_an_unchanged_job_is_a_304(api):
    job = document(submit(api))
    tag = api.client.get(job.links.self).headers["ETag"]
    assert api.client.get(job.links.self, headers={"If-None-Match": tag}).status_code == 304
    succeed(api.parts, job.id)
    assert api.client.get(job.links.self, headers={"If-None-Match": tag}).status_code == 200


def test_a_long_poll_ends_with_the_job(api):
    job = document(submit(api))
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(api.app.test_client().get, f"{job.links.self}?wait=60")
        succeed(api.parts, job.id)
        assert document(answer.result(timeout=PATIENT_S)).state == "succeeded"


@pytest.mark.parametrize(
    ("with_tag", "channel", "happen"),
    [(False, ENDINGS_CHANNEL, succeed), (True, CHANGES_CHANNEL, start)],
    ids=["the end", "any change since the ETag"],
)
def test_a_long_poll_is_woken_by_what_it_waits_for(
    api, redis, monkeypatch, with_tag, channel, happen
):
    monkeypatch.setattr("api.waiting.changes.FALLBACK_POLL_S", 60)
    job = document(submit(api))
    tag = api.client.get(job.links.self).headers["ETag"]
    headers = {"If-None-Match": tag} if with_tag else {}
    with ThreadPoolExecutor(1) as pool:
        url = f"{job.links.self}?wait=60"
        answer = pool.submit(api.app.test_client().get, url, headers=headers)
        wait_until(lambda: redis.pubsub_numsub(channel)[0][1] == 1, "the poll listens")
        happen(api.parts, job.id)
        assert document(answer.result(timeout=PATIENT_S)).state != "queued"


def test_prefer_wait_answers_200_with_the_finished_job(api):
    with ThreadPoolExecutor(1) as pool:
        post = pool.submit(
            api.app.test_client().post,
            "/v1/jobs",
            data=jpeg(),
            headers={**IMAGE, "Prefer": "wait=60"},
        )
        wait_until(lambda: api.parts.dispatch.sent, "it is enqueued")
        succeed(api.parts, api.parts.dispatch.sent[0][0])
        answer = post.result(timeout=PATIENT_S)
    assert (answer.status_code, answer.headers["Preference-Applied"]) == (200, "wait=60")
    assert document(answer).terminal


@pytest.mark.parametrize(("says", "reads"), [("all", 0), ("the id", 1)])
def test_who_waits_reads_the_job_only_where_its_end_tells_no_more_than_the_id(
    api, redis, monkeypatch, says, reads
):
    if says == "the id":  # as a worker of an older version does, or the script for a long result
        monkeypatch.setattr("storage.jobs.scripts.CHANNELS", (*CHANNELS[:-1], 0))
    with submitted(api, redis, monkeypatch) as (post, job_id):
        succeed(api.parts, job_id)
        answer = post.result(timeout=PATIENT_S)
    assert (answer.status_code, document(answer).state) == (200, "succeeded")
    claimed = 1  # the claim's own, in its script
    assert reads_of(redis) == claimed + reads
    assert document(answer) == document(api.client.get(document(answer).links.self))


def test_a_forged_end_is_not_believed(api, redis, monkeypatch):
    with submitted(api, redis, monkeypatch) as (post, job_id):
        other = make_result(new_id(), 1).model_dump_json()
        redis.publish(RECORDS_CHANNEL, f"{job_id}\nsucceeded\n1\n9\n1.0\n{other}")
        wait_until(lambda: reads_of(redis) == 1, "the record is read instead")
        assert not post.done()
        fail(api.parts, job_id)
        assert document(post.result(timeout=PATIENT_S)).state == "failed"


@contextmanager
def submitted(api, redis, monkeypatch):
    """Yield the coming answer of a request that waits, and its job's id; from then reads count."""
    monkeypatch.setattr("api.waiting.changes.FALLBACK_POLL_S", 60)
    with api.parts.endings.watch("any"):
        wait_until(lambda: api.parts.endings.subscribed, "the feed is subscribed")
    redis.config_resetstat()
    with ThreadPoolExecutor(1) as pool:
        post = pool.submit(submit, api, Prefer="wait=60")
        wait_until(lambda: api.parts.dispatch.sent, "it is enqueued")
        yield post, api.parts.dispatch.sent[0][0]


def reads_of(redis):
    return redis.info("commandstats").get("cmdstat_hgetall", {"calls": 0})["calls"]


def test_a_job_that_ends_before_the_first_subscriber_is_seen_all_the_same(api, monkeypatch):
    monkeypatch.setattr("api.waiting.changes.FALLBACK_POLL_S", 60)
    enqueue = api.parts.dispatch.enqueue

    def end_at_once(job_id, *where):
        enqueue(job_id, *where)
        succeed(api.parts, job_id)

    monkeypatch.setattr(api.parts.dispatch, "enqueue", end_at_once)
    assert submit(api, Prefer="wait=30").status_code == 200


def test_prefer_wait_in_vain_is_a_202(api):
    assert submit(api, Prefer="wait=1").status_code == 202


def test_ten_replays_at_once_are_one_job(api):
    def replay(_):
        data, headers = jpeg(), {**IMAGE, "Idempotency-Key": "once"}
        return api.app.test_client().post("/v1/jobs", data=data, headers=headers)

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(replay, range(10)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({document(answer).id for answer in answers}) == 1
    inputs = [key for key in api.kept() if key.endswith("/input")]
    assert (len(inputs), api.queued(), len(api.parts.dispatch.sent)) == (1, 1, 1)


def test_a_replay_after_redis_was_wiped_is_the_same_job(api, redis):
    first = document(submit(api, Idempotency_Key="k"))
    redis.flushall()
    parts = api.parts
    restore_jobs(parts.objects, parts.jobs, WebhookQueue(redis), lambda *_: None, 1)
    assert document(submit(api, Idempotency_Key="k")).id == first.id
    other = api.client.post("/v1/jobs", data=jpeg(65), headers={**IMAGE, "Idempotency-Key": "k"})
    assert other.status_code == 409
    # and the mark goes with the job
    api.client.delete(first.links.self)
    assert api.kept() == []


def test_a_key_for_another_image_is_a_conflict(api):
    submit(api, Idempotency_Key="k")
    other = api.client.post("/v1/jobs", data=jpeg(65), headers={**IMAGE, "Idempotency-Key": "k"})
    assert (other.status_code, other.json["code"]) == (409, "conflict")
    assert len([key for key in api.kept() if key.endswith("/input")]) == 1


def test_delete_cancels_and_leaves_nothing(api):
    job = document(submit(api))
    assert api.client.delete(job.links.cancel).status_code == 204
    assert (api.kept(), api.queued()) == ([], 0)
    assert api.client.get(job.links.self).status_code == 404
    assert api.client.delete(job.links.cancel).status_code == 404


def test_a_job_that_redis_forgot_is_found_again_and_enqueued(api, redis):
    job = document(submit(api))
    redis.flushall()
    again = document(api.client.get(job.links.self))
    assert (again.id, again.state, again.options) == (job.id, "queued", job.options)
    assert [sent for sent, _ in api.parts.dispatch.sent] == [job.id, job.id]
    assert api.queued() == 1


def test_a_finished_job_that_redis_forgot_keeps_its_files(api, redis):
    job = document(submit(api, "?outputs=depth"))
    succeed(api.parts, job.id)
    redis.flushall()
    assert document(api.client.get(job.links.self)).state == "succeeded"
    with api.client.get(job.links.outputs["depth"]) as file:
        assert file.data == DEPTH


def test_a_full_queue_is_a_429_with_the_time_to_come_back(make_api):
    api = make_api(max_backlog=1)
    submit(api)
    api.parts.capacity._backlogs.clear()  # the admission check may be half a second old
    answer = submit(api)
    assert (answer.status_code, answer.json["code"]) == (429, "overloaded")
    assert int(answer.headers["Retry-After"]) >= 1
    assert (len(api.kept()), api.queued()) == (1, 1)


def test_redis_away_is_a_503_that_keeps_nothing(api, valkey):
    valkey.kill()
    answer = submit(api)
    assert (answer.status_code, answer.json["code"]) == (503, "storage_unavailable")
    assert int(answer.headers["Retry-After"]) >= 1
    assert api.kept() == []
    ready = api.client.get("/readyz")
    assert (ready.status_code, ready.json["checks"]["redis"]["ok"]) == (503, False)
    assert api.client.get("/healthz").status_code == 200
    assert api.client.get("/metrics").status_code == 200


@pytest.mark.parametrize("job_id", ["x", "20260101-" + "a" * 26, "20261399-" + "a" * 26, "%00"])
def test_unknown_jobs_are_problems(api, job_id):
    answer = api.client.get(f"/v1/jobs/{job_id}")
    assert answer.status_code == 404
    assert Problem.model_validate_json(answer.data).code == "not_found"
