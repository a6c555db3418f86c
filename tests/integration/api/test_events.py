"""Server-sent events of a job."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from api.waiting.wait_budget import WaitBudget
from tests.integration.api.worker import succeed
from tests.unit.api.fakes import jpeg
from tests.waits import PATIENT_S


@pytest.fixture
def url(api) -> str:
    answer = api.client.post("/v1/jobs?outputs=depth", data=jpeg(), content_type="image/jpeg")
    return answer.headers["Location"]


def events(text: str) -> list[tuple[str, dict]]:
    """Return (id, document) of every event in `text`."""
    found = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "data" in lines:
            assert lines["event"] == "job"
            found.append((lines["id"], json.loads(lines["data"])))
    return found


def test_a_stream_tells_every_change_and_ends_with_the_job(api, url):
    with ThreadPoolExecutor(1) as pool:
        stream = pool.submit(lambda: api.app.test_client().get(f"{url}/events").text)
        succeed(api.parts, url.rpartition("/")[2])
        seen = events(stream.result(timeout=PATIENT_S))
    assert seen[-1][1]["state"] == "succeeded"
    assert [int(event_id) for event_id, _ in seen] == sorted(
        {int(event_id) for event_id, _ in seen}
    )


def test_a_job_that_has_ended_is_one_event(api, url):
    succeed(api.parts, url.rpartition("/")[2])
    answer = api.client.get(f"{url}/events")
    assert answer.mimetype == "text/event-stream"
    assert [document["terminal"] for _, document in events(answer.text)] == [True]


def test_a_browser_that_has_seen_the_end_is_told_to_stop(api, url):
    succeed(api.parts, url.rpartition("/")[2])
    ((last, _),) = events(api.client.get(f"{url}/events").text)
    answer = api.client.get(f"{url}/events", headers={"Last-Event-ID": last})
    assert answer.status_code == 204


def test_a_resumed_stream_does_not_repeat_what_was_seen(api, url):
    version = str(api.parts.jobs.get(url.rpartition("/")[2]).version)
    with ThreadPoolExecutor(1) as pool:
        headers = {"Last-Event-ID": version}
        client = api.app.test_client()
        stream = pool.submit(lambda: client.get(f"{url}/events", headers=headers).text)
        succeed(api.parts, url.rpartition("/")[2])
        seen = events(stream.result(timeout=PATIENT_S))
    assert version not in [event_id for event_id, _ in seen]
    assert seen[-1][1]["terminal"]


def test_without_a_free_slot_a_stream_is_one_event_and_when_to_come_back(api, url):
    taken = []
    while api.parts.waits.try_take("a"):
        taken.append(1)
    answer = api.client.get(f"{url}/events")
    assert "retry: " in answer.text
    assert [document["state"] for _, document in events(answer.text)] == ["queued"]
    assert len(taken) == WaitBudget.for_threads(api.parts.settings.api_threads).slots


def test_a_stream_gives_its_slot_back(api, url):
    api.parts.jobs.cancel(url.rpartition("/")[2])
    other = api.client.post("/v1/jobs", data=jpeg(), content_type="image/jpeg").headers["Location"]
    for _ in range(api.parts.waits.slots + 1):
        response = api.client.get(f"{other}/events", buffered=False)
        next(iter(response.response))
        response.close()
    assert api.parts.waits.try_take("a")
    api.parts.waits.give_back("a")


def test_deleting_a_job_ends_its_streams(api, url):
    stream = api.app.test_client().get(f"{url}/events", buffered=False)
    pieces = iter(stream.response)
    begun = next(pieces)  # a stream that begins later finds no job
    api.client.delete(url)
    for _, document in events((begun + b"".join(pieces)).decode()):
        assert document.get("state") in (None, "queued", "canceled")
