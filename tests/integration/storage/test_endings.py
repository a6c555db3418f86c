"""What is told of a job's end is used only if it is whole, this job's, and agrees with itself."""

from __future__ import annotations

import pytest

from contract.jobs import JobRecord
from contract.states import JobState
from storage.jobs.endings import MOST_BYTES, record_after
from tests.integration.storage.records import make_record, make_result

SEEN = make_record()
RESULT = make_result(SEEN.id, 2, JobState.FAILED)
LINES = [SEEN.id, "failed", "2", "4", "1.25", RESULT.model_dump_json()]


def said(**changed: str) -> str:
    lines = dict(
        zip(("id", "state", "attempt", "version", "started_at", "result"), LINES, strict=True)
    )
    return "\n".join((lines | changed).values())


def test_a_whole_message_is_the_record_that_would_be_read():
    assert record_after(SEEN, said()) == JobRecord(
        request=SEEN.request,
        state=JobState.FAILED,
        attempt=2,
        version=4,
        started_at=1.25,
        result=RESULT,
    )


def test_a_job_that_was_never_started_has_no_start():
    result = make_result(SEEN.id, 0, JobState.CANCELED).model_dump_json()
    told = record_after(SEEN, said(state="canceled", attempt="0", started_at="", result=result))
    assert told is not None
    assert (told.state, told.attempt, told.started_at) == ("canceled", 0, None)


@pytest.mark.parametrize("count", range(6))
def test_the_id_alone_or_a_message_that_was_cut_is_read(count):
    assert record_after(SEEN, "\n".join(LINES[:count])) is None


@pytest.mark.parametrize("kept", [0.01, 0.5, 0.99])
def test_a_result_that_was_cut_is_read(kept):
    assert record_after(SEEN, said(result=LINES[5][: int(kept * len(LINES[5]))])) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"id": make_record().id},
        {"state": "running"},
        {"state": "succeeded"},
        {"state": "finished"},
        {"attempt": "3"},
        {"attempt": "two"},
        {"version": "0"},
        {"version": ""},
        {"started_at": "noon"},
        {"result": make_result(make_record().id, 2, JobState.FAILED).model_dump_json()},
        {"result": make_result(SEEN.id, 1, JobState.FAILED).model_dump_json()},
        {"result": make_result(SEEN.id, 2).model_dump_json()},
        {"result": "{}"},
        {"result": ""},
        {"result": LINES[5] + " " * MOST_BYTES},
        {"result": LINES[5] + "\nmore"},
    ],
    # ids are random, and every test process has to give a test the same name
    ids=lambda changed: f"{next(iter(changed))} of {len(next(iter(changed.values())))}",
)
def test_a_message_that_does_not_fit_is_read(changed):
    assert record_after(SEEN, said(**changed)) is None


def test_an_end_before_what_was_seen_is_read():
    later = SEEN.model_copy(update={"version": 4})
    assert record_after(later, said()) is None
    again = SEEN.model_copy(update={"attempt": 3})
    assert record_after(again, said()) is None
