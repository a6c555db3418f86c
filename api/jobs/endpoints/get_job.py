"""`GET /v1/jobs/{id}`: where a job stands, now or when it has ended."""

from __future__ import annotations

from flask import Response, request

from api.answers.blueprint import JOBS, document, problems, v1
from api.jobs.documents import etag, job_document
from api.jobs.poll import ended, own_job, wait_until
from api.receiving.parameters import JobPath, WaitQuery
from api.services import services
from contract.documents import JobDocument
from contract.jobs import JobRecord


@v1.get(
    "/jobs/<string:job_id>",
    tags=[JOBS],
    operation_id="get_job",
    summary="See where a job stands",
    responses={200: JobDocument, 304: {"description": "Not changed"}, **problems(400, 401, 404)},
)
def get_job(path: JobPath, query: WaitQuery) -> Response:
    """Answer the job's document; with `wait`, hold the answer until the job has ended.

    With `If-None-Match`, 304 if the job is as it was; then `wait` holds until it has changed.
    """
    parts = services()
    record = own_job(parts, path.job_id)
    seen = request.if_none_match

    def changed(record: JobRecord) -> bool:
        return not seen.contains_weak(etag(record)[3:-1])

    record = wait_until(parts, record, changed if seen else ended, query.wait)
    headers = {"ETag": etag(record), "Cache-Control": "no-cache"}
    if seen and not changed(record):
        return Response(status=304, headers=headers)
    return document(job_document(parts, record), headers=headers)
