"""The calls that runs of every kind share, for a kind that is no dataset."""

from __future__ import annotations

import pytest
from flask import g

from api.runs.accept import Submission, accept_run
from api.runs.commands import cancel_run, remove_run, retry_run
from api.runs.documents import run_path
from api.runs.find import ended, own_run, wait_for_run
from api.runs.listing import page
from contract.errors import Conflict, InvalidRequest, NotFound
from contract.ids import is_run_id
from contract.names.queues import TASK_FINALIZE_RUN, TASK_PLAN_RUN
from contract.runs import Counts, DatasetSpec
from contract.states import DatasetState
from storage.runs.store import new_step


@pytest.fixture
def parts(api):
    with api.app.test_request_context("/"):
        g.owner = None
        yield api.parts


def submit(parts, key=None, check=lambda: None, **wishes):
    submission = Submission("toy", DatasetSpec(), None, None, key, wishes=wishes)
    return accept_run(parts, submission, check)


def test_a_run_is_accepted_with_what_its_kind_wishes(parts):
    request = submit(parts, count=3)
    assert is_run_id(request.id, "toy")
    assert parts.files.request(request.id).wishes == {"count": 3}
    assert parts.dispatch.steps == [(TASK_PLAN_RUN, f"{request.id}/plan")]
    assert run_path(parts, request.id) == f"/v1/toys/{request.id}"


def test_what_its_kind_refuses_leaves_nothing(parts):
    def refuse():
        raise InvalidRequest("count is missing")

    with pytest.raises(InvalidRequest, match="count is missing"):
        submit(parts, check=refuse)
    assert list(parts.objects.list("")) == []


def test_a_key_stands_for_one_run_with_equal_wishes(parts):
    first = submit(parts, key="k", count=3)
    assert submit(parts, key="k", count=3).id == first.id
    with pytest.raises(Conflict, match="used before"):
        submit(parts, key="k", count=4)


def test_it_is_found_under_its_own_kind_only(parts):
    run_id = submit(parts).id
    assert own_run(parts, "toy", run_id)[0].kind == "toy"
    for kind, asked in (("dataset", run_id), ("toy", run_id.removeprefix("toy-"))):
        with pytest.raises(NotFound, match=f"There is no {kind} "):
            own_run(parts, kind, asked)


def test_each_kind_has_a_list_of_its_own_newest_first(parts):
    first, second = submit(parts).id, submit(parts).id
    found, cursor = page(parts, "toy", "", 1)
    assert [record.id for record, _ in found] == [second]
    found, last = page(parts, "toy", cursor, 5)
    assert [record.id for record, _ in found] == [first]
    assert last is None
    assert page(parts, "dataset", "", 5) == ([], None)
    with pytest.raises(InvalidRequest, match="cursor"):
        page(parts, "dataset", cursor, 5)


def test_it_is_canceled_waited_for_and_removed(parts):
    found = own_run(parts, "toy", submit(parts).id)
    assert wait_for_run(parts, found, ended, 0.01) == found
    with pytest.raises(Conflict, match="The toy is queued; cancel it first"):
        remove_run(parts, found[0])
    cancel_run(parts, found[0])
    assert parts.dispatch.steps[-1] == (TASK_FINALIZE_RUN, f"{found[0].id}/finalize")
    canceled = wait_for_run(parts, found, ended, 5)[0]
    assert canceled.state is DatasetState.CANCELED
    with pytest.raises(Conflict, match="The toy is canceled; only a completed one"):
        retry_run(parts, canceled, ())
    step = new_step(canceled.id, "finalize")
    parts.datasets.claim(step, "w", 10)
    parts.datasets.finalized(step, Counts())
    with pytest.raises(Conflict, match="being wound up"):
        remove_run(parts, canceled)
