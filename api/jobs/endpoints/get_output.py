"""`GET /v1/jobs/{id}/outputs/{name}`: the bytes of one output, or where they are."""

from __future__ import annotations

from werkzeug.wrappers import Response as AnyResponse

from api.answers.blueprint import JOBS, problems, v1
from api.answers.serving import File, answer_file, file_responses
from api.jobs.poll import own_job
from api.receiving.parameters import OutputPath
from api.services import services
from contract.errors import Conflict, NotFound
from contract.jobs import JobRecord, OutputInfo
from contract.outputs.registry import file_types

_TYPES = sorted({file.media_type for file in file_types()})


@v1.get(
    "/jobs/<string:job_id>/outputs/<string:name>",
    tags=[JOBS],
    operation_id="get_output",
    summary="Fetch a result",
    responses={
        **file_responses(*_TYPES),
        **problems(401, 404, 409, 416),
    },
)
def get_output(path: OutputPath) -> AnyResponse:
    """Answer the file's bytes, or redirect to a presigned URL if the store has such."""
    parts = services()
    record = own_job(parts, path.job_id)
    made = _output(record, path.name)
    filename = f"{record.id}.{path.name}.{made.key.rpartition('.')[2]}"
    file = File(
        made.key, made.bytes, made.media_type, filename, made.sha256, "private, max-age=3600"
    )
    return answer_file(parts.objects, file, parts.settings.presign_expires_s)


def _output(record: JobRecord, name: str) -> OutputInfo:
    made = record.result.outputs.get(name) if record.result else None
    if made is not None:
        return made
    if not record.state.terminal and name in record.request.options.outputs:
        raise Conflict(f"The job is {record.state.value}; its outputs come when it has succeeded.")
    raise NotFound(f"The job has no output {name[:60]!r}.")
