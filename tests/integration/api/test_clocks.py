"""An API whose clock is days off refuses what it cannot keep, and leaves nothing behind."""

from __future__ import annotations

import time

import pytest

from contract.names.object_keys import REQUEST_METADATA, input_object
from tests.integration.storage.records import make_record
from tests.unit.api.fakes import jpeg

DAY_S = 86_400.0


@pytest.fixture
def clock(monkeypatch):
    """Set this process's clock off by so many seconds; Redis keeps its own."""
    real = time.time

    def off(seconds: float) -> None:
        monkeypatch.setattr(time, "time", lambda: real() + seconds)

    return off


def post(api, **headers):
    sent = {"Content-Type": "image/jpeg", **headers}
    return api.client.post("/v1/jobs", data=jpeg(), headers=sent)


def test_a_clock_eight_days_back_is_a_503_and_leaves_nothing(api, clock, redis) -> None:
    clock(-8 * DAY_S)
    answer = post(api)
    assert (answer.status_code, answer.json["code"]) == (503, "storage_unavailable")
    assert "clocks" in answer.json["detail"]
    assert answer.headers["Retry-After"]
    assert (api.kept(), api.queued(), redis.keys("depthq:job:*")) == ([], 0, [])


@pytest.mark.parametrize("days", [-6, 8])
def test_a_clock_that_is_off_by_less_than_the_retention_or_ahead_loses_nothing(
    api, clock, days: int
) -> None:
    clock(days * DAY_S)
    answer = post(api)
    assert answer.status_code == 202
    assert api.client.get(answer.headers["Location"]).json["state"] == "queued"
    assert api.queued() == 1


def test_a_job_that_is_over_by_the_clock_of_redis_is_not_found(api, clock) -> None:
    record = make_record(life_s=-10.0)
    kept = {REQUEST_METADATA: record.request.model_dump_json(exclude_none=True)}
    api.parts.objects.put(input_object(record.id), jpeg(), media_type="image/jpeg", metadata=kept)
    clock(-8 * DAY_S)
    assert api.client.get(f"/v1/jobs/{record.id}").status_code == 404
