"""`GET /v1/jobs/{id}/events`: every change of a job as server-sent events, until it has ended."""

from __future__ import annotations

from functools import partial

from flask import Response

from api.answers.blueprint import JOBS, problems, v1
from api.jobs.documents import job_document
from api.jobs.poll import own_job, subject
from api.receiving.parameters import JobPath
from api.services import Services, services
from api.waiting.follow import View, event_schema, follow
from contract.jobs import JobRecord


@v1.get(
    "/jobs/<string:job_id>/events",
    tags=[JOBS],
    operation_id="stream_events",
    summary="Follow a job",
    responses={
        200: {
            "description": "Events `job`: data is the job's document, id its version",
            "content": {"text/event-stream": {"schema": event_schema("job", "JobDocument")}},
        },
        204: {"description": "The job has ended and `Last-Event-ID` was its last event"},
        **problems(401, 404),
    },
)
def stream_events(path: JobPath) -> Response:
    """Stream the job's document now and at every change; end when the job has ended.

    When too many streams are open already, one event is sent and `retry:` says when to come back.
    """
    parts = services()
    record = own_job(parts, path.job_id)
    following = subject(parts, record.id, parts.changes)
    return follow(parts, following, record, partial(_view, parts))


def _view(parts: Services, record: JobRecord) -> View:
    return View(str(record.version), record.state.terminal, partial(job_document, parts, record))
