"""`DELETE /v1/jobs/{id}`: cancels a job and removes all it has."""

from __future__ import annotations

from flask import Response

from api.answers.blueprint import JOBS, problems, v1
from api.jobs.poll import own_job
from api.receiving.parameters import JobPath
from api.services import services
from contract.names.object_keys import input_object, job_prefix


@v1.delete(
    "/jobs/<string:job_id>",
    tags=[JOBS],
    operation_id="delete_job",
    summary="Cancel a job and remove its files",
    responses={204: {"description": "Gone"}, **problems(401, 404)},
)
def delete_job(path: JobPath) -> Response:
    """Cancel the job if it has not ended, then remove its objects and its record."""
    parts = services()
    record = own_job(parts, path.job_id)
    parts.jobs.cancel(record.id)
    # The input goes first: without it nothing can be rebuilt, so a deletion cut short stays one.
    # The record goes last: while it is there, the deletion can be asked for again.
    parts.objects.delete([input_object(record.id)])
    parts.objects.delete([info.key for info in parts.objects.list(job_prefix(record.id))])
    parts.jobs.delete(record.id)
    return Response(status=204)
