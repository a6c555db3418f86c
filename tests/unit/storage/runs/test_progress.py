"""Rates and ETAs from the last minute."""

from __future__ import annotations

import pytest

from contract.ids import new_id
from contract.runs import Counts, DatasetSpec, RunRecord, RunRequest
from contract.states import DatasetState
from storage.runs.progress import forecast

NOW = 1_000_000.0
SLOT = int(NOW // 5)


def record(done=0, total=1000, **fields):
    request = RunRequest(id=new_id(), created_at=0, spec=DatasetSpec(prefix="s3://abc/"))
    counts = Counts(total=total, succeeded=done)
    fields = {"state": DatasetState.RUNNING, "planned": True, **fields}
    return RunRecord(request=request, counts=counts, **fields)


def slots(*items):
    """Items of the slots that ended last, the latest last."""
    return {str(SLOT - len(items) + place): str(count) for place, count in enumerate(items)}


def test_a_steady_rate_gives_an_eta_without_doubt():
    progress = forecast(record(done=400), slots(50, 50, 50, 50), NOW)
    assert progress.rate == 10.0
    assert progress.eta_p50_s == progress.eta_p90_s == 60.0


def test_an_unsteady_rate_gives_a_later_p90():
    progress = forecast(record(), slots(10, 90, 10, 90), NOW)
    assert progress.rate == 10.0
    assert progress.eta_p50_s == 100.0
    assert progress.eta_p90_s > 120.0


def test_items_in_flight_count_as_done():
    assert forecast(record(in_flight=500), slots(50, 50), NOW).eta_p50_s == 50.0


def test_a_pause_shows():
    assert forecast(record(), slots(100, 0, 0, 0), NOW).rate == 5.0


def test_a_listing_that_goes_on_has_a_rate_but_no_eta():
    progress = forecast(record(planned=False), slots(50, 50), NOW)
    assert (progress.rate, progress.eta_p50_s) == (10.0, None)


@pytest.mark.parametrize("state", [DatasetState.COMPLETED, DatasetState.CANCELED])
def test_what_has_ended_has_neither(state):
    assert forecast(record(state=state), slots(50), NOW).rate == 0.0


def test_the_first_seconds_count_as_they_come():
    assert forecast(record(), {str(SLOT): "20"}, NOW + 2).rate == 10.0
    assert forecast(record(), {}, NOW).rate == 0.0


def test_older_than_a_minute_is_forgotten():
    assert forecast(record(), {str(SLOT - 13): "999", str(SLOT - 1): "50"}, NOW).rate == 10.0
