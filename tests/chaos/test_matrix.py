"""Whatever breaks: nothing accepted is lost, no result is wrong, none is there twice."""

from __future__ import annotations

import json
import os
import statistics
from pathlib import Path

import pytest

from tests.chaos.rig import RESULTS
from tests.chaos.scenarios import SCENARIOS, Scenario


def marked(scenario: Scenario) -> pytest.param:
    marks = [pytest.mark.chaos, pytest.mark.timeout(900)]
    if scenario.slow:
        marks.append(pytest.mark.slow)
    if scenario.thorough:
        marks.append(pytest.mark.thorough)
    return pytest.param(scenario, id=scenario.run.__name__, marks=marks)


@pytest.mark.parametrize("scenario", [marked(each) for each in SCENARIOS])
def test_nothing_is_lost_doubled_or_wrong(scenario, rig, request):
    # Given a service under load, when
    scenario.run(rig)
    # then
    rig.load.stop()
    verdict = rig.verdict()
    note(scenario, rig, verdict)
    assert rig.numbers.injected > 0
    assert verdict.accepted > 0
    assert (verdict.lost, verdict.duplicated, verdict.wrong) == (0, 0, 0), verdict.complaints
    assert not verdict.complaints
    unexpected = {a: n for a, n in rig.load.answers.items() if a[0].isdigit() and a not in EXPECTED}
    assert not unexpected, "an answer that is neither kept nor an honest refusal"


EXPECTED = ("202", "503", "429", "500 storage_refused")


def note(scenario, rig, verdict) -> None:
    """Leave the numbers for the report."""
    folder = os.environ.get(RESULTS)
    if not folder:
        return
    times = rig.numbers.recoveries_s
    numbers = {
        "fault": scenario.name,
        "rows": scenario.rows,
        "injected": rig.numbers.injected,
        "accepted": verdict.accepted,
        "lost": verdict.lost,
        "duplicated": verdict.duplicated,
        "wrong": verdict.wrong,
        "repeated": verdict.repeated,
        "recovery_p50_s": statistics.median(times) if times else None,
        "recovery_max_s": max(times, default=None),
        "longest_request_s": rig.load.longest_s,
        "answers": dict(rig.load.answers),
        "states": {str(state): count for state, count in verdict.states.items()},
    }
    Path(folder).mkdir(parents=True, exist_ok=True)
    path = Path(folder) / f"{scenario.run.__name__}.json"
    path.write_text(json.dumps(numbers, indent=2) + "\n")
