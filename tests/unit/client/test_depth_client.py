"""The client keeps its promises whatever the service or the network does."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from client.errors import (
    DownloadCorrupt,
    ServiceUnreachable,
    UnexpectedAnswer,
    WaitedTooLong,
)
from client.local.ports import any_free
from client.wire.retries import RetryPolicy
from contract import errors
from depthq import DepthClient
from tests.services.fake_api import DEPTH, FakeApi, Reply, fake_api
from tests.waits import PATIENT_S

BUSY = Reply.problem(429, "overloaded", "full", Retry_After="7")


@contextmanager
def nothing_but(folder: Path, *names: str) -> Iterator[None]:
    yield
    assert sorted(path.name for path in folder.glob("*")) == sorted(names)


def open_in_memory(path: Path) -> io.BytesIO:
    return io.BytesIO(path.read_bytes())


@pytest.mark.parametrize("make", [Path, str, Path.read_bytes, open_in_memory])
def test_paths_bytes_and_open_files_are_submitted(client, api: FakeApi, tmp_path, make):
    picture = tmp_path / "cat.jpg"
    picture.write_bytes(b"\xff\xd8 a cat")
    job = client.submit(make(picture), size="model", outputs=["depth", "heatmap"])
    assert job.id in api.jobs
    body = api.asked[-1].body
    assert b"\xff\xd8 a cat" in body
    assert body.count(b'name="outputs"') == 2
    assert b'name="size"\r\n\r\nmodel' in body


def test_a_lost_answer_to_a_submission_does_not_make_two_jobs(client, api: FakeApi):
    api.script.append(Reply(hang_up=True))
    client.submit(b"image")
    keys = [asked.headers["Idempotency-Key"] for asked in api.asked]
    assert len(keys) == 2
    assert len(set(keys)) == 1
    assert len(api.jobs) == 1


def test_two_submissions_of_the_same_image_are_two_jobs(client, api: FakeApi):
    assert client.submit(b"image").id != client.submit(b"image").id


def test_the_whole_image_is_sent_again_on_every_try(client, api: FakeApi, tmp_path):
    api.script.extend([Reply(503), BUSY])
    client.submit(io.BytesIO(b"the whole image"))
    assert [b"the whole image" in asked.body for asked in api.asked] == [True] * 3


def test_retry_after_is_obeyed(client, api: FakeApi, slept):
    api.script.extend([BUSY] * 6)  # more than the tries: being asked to come back is no failure
    client.submit(b"image")
    assert len(slept) == 6
    assert all(7 <= wait <= 8 for wait in slept)


def test_patience_with_a_busy_service_is_bounded(api: FakeApi):
    api.script.extend([BUSY] * 3)
    policy = RetryPolicy(budget_s=10, sleep=lambda s: None)
    with DepthClient(api.url, retries=policy) as client, pytest.raises(errors.Overloaded) as caught:
        client.submit(b"image")
    assert caught.value.retry_after_s == 7


def test_waits_grow_and_are_capped():
    waits: list[float] = []
    pauses = RetryPolicy(10, first_s=1, longest_s=4, sleep=waits.append).pauses()
    while pauses.pause(None):
        pass
    assert len(waits) == 9
    assert all(low <= wait <= 2 * low for low, wait in zip([0.5, 1, *[2] * 7], waits, strict=True))


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "invalid_request", errors.InvalidRequest),
        (401, "unauthorized", errors.Unauthorized),
        (404, "not_found", errors.NotFound),
        (409, "conflict", errors.Conflict),
        (413, "image_too_large", errors.ImageTooLarge),
        (415, "unsupported_media_type", errors.UnsupportedMediaType),
        (422, "image_corrupt", errors.ImageCorrupt),
        (500, "internal", errors.InternalError),
        (418, "a_code_of_tomorrow", UnexpectedAnswer),
    ],
)
def test_a_refusal_becomes_the_exception_of_its_code_at_once(client, api, status, code, kind):
    api.script.append(Reply.problem(status, code, "says the service"))
    with pytest.raises(kind, match="says the service") as caught:
        client.submit(b"image")
    assert type(caught.value) is kind
    assert len(api.asked) == 1


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(404, b"<html>not here"), errors.NotFound),
        (Reply(413, b""), errors.ImageTooLarge),
        (Reply(500, b"oops"), UnexpectedAnswer),
        (Reply(200, b"<html>hello"), UnexpectedAnswer),
        (Reply(200, b'{"no": "job"}'), UnexpectedAnswer),
        (Reply(200, b'["no job"]'), UnexpectedAnswer),
    ],
)
def test_answers_of_other_servers_become_exceptions_too(client, api, reply, kind):
    api.script.append(reply)
    with pytest.raises(kind):
        client.submit(b"image")


def test_nobody_there_is_said_after_a_few_tries(slept):
    policy = RetryPolicy(attempts=3, sleep=slept.append)
    url = f"http://127.0.0.1:{any_free()}"
    with DepthClient(url, retries=policy) as client, pytest.raises(ServiceUnreachable, match=url):
        client.version()
    assert len(slept) == 2


@pytest.mark.parametrize("url", ["ftp://x", "nonsense", "http://[::"])
def test_an_address_that_is_none_is_said_at_once(url, slept):
    with (
        pytest.raises(errors.InvalidRequest, match="is not an address"),
        DepthClient(url, retries=RetryPolicy(sleep=slept.append)) as client,
    ):
        client.version()
    assert slept == []


def test_wait_polls_until_the_job_has_ended(client, api: FakeApi):
    api.polls_to_end = 3
    job = client.wait(client.submit(b"image").id, timeout=PATIENT_S)
    assert job.succeeded
    polls = api.paths("GET")
    assert len(polls) == 3
    assert all("wait=" in path for path in polls)


def test_wait_gives_up_but_the_job_goes_on(client, api: FakeApi):
    api.polls_to_end = 1000
    with pytest.raises(WaitedTooLong, match="still running"):
        client.wait(client.submit(b"image").id, timeout=0.2)


def test_submit_with_wait_asks_the_service_to_hold_the_answer(client, api: FakeApi):
    assert client.submit(b"image", wait=90).succeeded
    assert api.asked[0].headers["Prefer"] == "wait=60"


def test_events_are_yielded_until_the_end(client, api: FakeApi):
    states = [job.state.value for job in client.events(client.submit(b"image").id)]
    assert states == ["running", "succeeded"]


def test_a_broken_event_stream_is_resumed_where_it_stopped(client, api: FakeApi):
    job_id = client.submit(b"image").id
    half = f'id: 41\ndata: {{"id": "{job_id}", "state": "running"}}\n\n'.encode()
    api.script.append(Reply(200, half, {"Content-Type": "text/event-stream"}))
    states = [job.state.value for job in client.events(job_id)]
    assert states[-1] == "succeeded"
    assert api.asked[-1].headers["Last-Event-ID"] == "41"


def test_downloads_are_named_after_the_output(client, api: FakeApi, tmp_path):
    job = client.submit(b"image", wait=5)
    with nothing_but(tmp_path / "new", "cat.depth.png", "cat.heatmap.jpg"):
        files = client.download(job, tmp_path / "new", stem="cat")
    assert files["depth"].read_bytes() == DEPTH
    assert client.download(job.id, tmp_path, ["depth"]).keys() == {"depth"}


def test_the_key_is_not_shown_to_the_store_that_a_download_is_sent_to(tmp_path):
    with fake_api() as api, fake_api() as store, DepthClient(api.url, "s3cret") as client:
        job = client.submit(b"image", wait=5)
        store.script.append(Reply(200, DEPTH))
        api.script.append(Reply(302, headers={"Location": f"{store.url}/v1/bucket/key?signed=1"}))
        client.download(job, tmp_path, ["depth"])
        assert store.asked[0].path == "/v1/bucket/key?signed=1"
        assert "Authorization" not in store.asked[0].headers


def test_a_damaged_download_leaves_no_file(client, api: FakeApi, tmp_path):
    api.announced["depth"] = b"something else"
    job = client.submit(b"image", wait=5)
    with nothing_but(tmp_path), pytest.raises(DownloadCorrupt, match="damaged"):
        client.download(job, tmp_path)


def test_a_download_damaged_once_is_fetched_again(client, api: FakeApi, tmp_path):
    job = client.submit(b"image", wait=5)
    api.script.append(Reply(200, b"torn"))
    assert client.download(job, tmp_path, ["depth"])["depth"].read_bytes() == DEPTH


def test_a_failed_job_cannot_be_downloaded_and_says_why(client, api: FakeApi, tmp_path):
    api.ending = {
        "state": "failed",
        "error": {"code": "image_undecodable", "message": "no pixels", "retryable": False},
    }
    job = client.submit(b"image", wait=5)
    assert isinstance(job.error, errors.ImageUndecodable)
    with nothing_but(tmp_path), pytest.raises(errors.ImageUndecodable, match="no pixels"):
        client.download(job, tmp_path)


@pytest.mark.parametrize(
    ("state", "kind"), [("expired", errors.DeadlineExceeded), ("canceled", errors.Conflict)]
)
def test_other_endings_have_an_error_too(client, api: FakeApi, state, kind):
    api.ending = {"state": state}
    assert isinstance(client.submit(b"image", wait=5).error, kind)


def test_cancel_removes_a_running_job_and_leaves_an_ended_one(client, api: FakeApi):
    api.polls_to_end = 2
    job_id = client.submit(b"image").id
    assert client.cancel(job_id).state.value == "canceled"
    assert api.paths("DELETE") == [f"/v1/jobs/{job_id}"]
    assert client.cancel(job_id).succeeded
    assert len(api.paths("DELETE")) == 1


def test_deleting_what_is_gone_is_fine(client):
    client.delete("20260101-aaaaaaaaaaaaaaaaaaaaaaaaaa")


def test_the_key_is_sent_as_bearer_token(api: FakeApi):
    with DepthClient(api.url, api_key="s3cret") as client:
        client.version()
    assert api.asked[0].headers["Authorization"] == "Bearer s3cret"


def test_ids_cannot_climb_out_of_their_path(client, api: FakeApi):
    with pytest.raises(errors.NotFound):
        client.get("../../admin?x=1")
    assert api.asked[0].path == "/v1/jobs/..%2F..%2Fadmin%3Fx%3D1"
