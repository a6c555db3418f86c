"""`GET /v1/jobs/{id}/outputs/{name}`: the bytes of one output, or where they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from api.answers.blueprint import JOBS, problems, v1
from api.jobs.poll import own_job
from api.receiving.parameters import OutputPath
from api.receiving.uploads import CHUNK_BYTES
from api.services import services
from contract.errors import Conflict, NotFound
from contract.jobs import JobRecord, OutputInfo
from contract.options import FILE_TYPES

_BYTES = {"schema": {"type": "string", "format": "binary"}}
_TYPES = {media_type: _BYTES for _, media_type in FILE_TYPES.values()}


@v1.get(
    "/jobs/<string:job_id>/outputs/<string:name>",
    tags=[JOBS],
    operation_id="get_output",
    summary="Fetch a result",
    responses={
        200: {"description": "The file", "content": _TYPES},
        206: {"description": "A part of the file", "content": _TYPES},
        302: {"description": "The file is at `Location`, for a while"},
        304: {"description": "Not changed"},
        **problems(401, 404, 409, 416),
    },
)
def get_output(path: OutputPath) -> AnyResponse:
    """Answer the file's bytes, or redirect to a presigned URL if the store has such."""
    parts = services()
    record = own_job(parts, path.job_id)
    made = _output(record, path.name)
    filename = f"{record.id}.{path.name}.{made.key.rpartition('.')[2]}"
    expires_s = parts.settings.presign_expires_s
    url = parts.objects.presign(made.key, expires_s=expires_s, filename=filename)
    if url is not None:
        response = redirect(url, 302)
        response.headers["Cache-Control"] = "no-store"  # the URL is a key, and it ages
        return response
    return _stream(parts.objects.open(made.key), made, filename)


def _output(record: JobRecord, name: str) -> OutputInfo:
    made = record.result.outputs.get(name) if record.result else None
    if made is not None:
        return made
    if not record.state.terminal and name in record.request.options.outputs:
        raise Conflict(f"The job is {record.state.value}; its outputs come when it has succeeded.")
    raise NotFound(f"The job has no output {name[:60]!r}.")


def _stream(file: BinaryIO, made: OutputInfo, filename: str) -> Response:
    # An attachment of a type that nobody sniffs: a result is data, never a page.
    response = Response(_chunks(file), content_type=made.media_type)
    response.call_on_close(file.close)
    response.content_length = made.bytes
    response.set_etag(made.sha256)
    response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    response.headers["Cache-Control"] = "private, max-age=3600"
    response.make_conditional(request, accept_ranges=True, complete_length=made.bytes)
    return response


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(CHUNK_BYTES):
        yield chunk
