"""`POST /v1/jobs`: an image as a multipart form, as the raw body, or by its URL."""

from __future__ import annotations

from contextlib import nullcontext

from flask import Request, Response
from pydantic import ValidationError

from api.answers.accepted import accepted
from api.answers.blueprint import JOBS, problems, v1
from api.answers.errors import invalid_fields
from api.answers.openapi import CREATE_JOB
from api.answers.present import present_request
from api.callers.auth import caller, owner
from api.jobs.accept import Submission, accept
from api.jobs.documents import job_document, job_path
from api.jobs.fetch_source import fetch_source
from api.jobs.options import option_fields, options_from
from api.jobs.poll import ended, wait_until
from api.receiving.headers import idempotency_key, wait_preference
from api.receiving.multipart import receive_form
from api.receiving.uploads import Upload, body_chunks, receive_raw
from api.services import Services, services
from contract.documents import CreateJobFromUrl, JobDocument, options_of
from contract.errors import (
    DepthqError,
    InvalidRequest,
    Overloaded,
    UnsupportedMediaType,
    UrlForbidden,
)
from contract.ids import new_id
from contract.jobs import JobRecord
from contract.options import JobOptions

MAX_JSON_BYTES = 16 * 1024
FETCH_RETRY_S = 5


@v1.post(
    "/jobs",
    tags=[JOBS],
    operation_id="create_job",
    summary="Submit an image",
    responses={
        200: JobDocument, 202: JobDocument,
        **problems(400, 401, 403, 409, 411, 413, 415, 422, 429),
    },
    openapi_extensions=CREATE_JOB,
)  # fmt: skip
def create_job() -> Response:
    """Keep the image and put it in the queue.

    Answers 202 with the job's document and its URL in `Location`, or 200 with the finished job if
    `Prefer: wait=N` was asked and it was done in time.
    """
    parts, incoming = services(), present_request()
    wait_s, key = wait_preference(incoming), idempotency_key(incoming)
    job_id = new_id()
    # subscribed before the job exists, so that its record need not be read for that
    with parts.endings.watch(job_id) if wait_s else nullcontext() as watch:
        record = _accept(parts, incoming, job_id, key)
        own = watch if record.id == job_id else None
        record = wait_until(parts, record, ended, wait_s, own)
    place, over = job_path(parts, record.id), wait_s > 0 and ended(record)
    return accepted(job_document(parts, record), place, wait_s, ended=over)


def _accept(parts: Services, incoming: Request, job_id: str, key: str | None) -> JobRecord:
    try:
        parts.capacity.admit()
        with Upload(parts.settings.max_upload_bytes) as upload:
            options = _receive(parts, incoming, upload)
            record = accept(parts, Submission(upload, options, owner(), key, job_id))
    except DepthqError as exc:
        parts.measures.refused.labels(exc.code).inc()
        raise
    parts.measures.accepted.inc()
    parts.measures.upload_bytes.inc(record.request.input.bytes)
    return record


def _receive(parts: Services, incoming: Request, upload: Upload) -> JobOptions:
    """Fill `upload` and return the options, in whichever way they came."""
    kind = incoming.mimetype
    if kind == "multipart/form-data":
        if incoming.args:
            raise InvalidRequest(
                "With a multipart body the options are form fields, not in the URL."
            )
        return options_from(receive_form(incoming, upload))
    if kind == "application/json":
        return _from_url(parts, incoming, upload)
    if kind.startswith("image/") or kind in ("application/octet-stream", ""):
        options = options_from(option_fields(incoming.args))
        receive_raw(incoming, upload)
        return options
    if incoming.content_length == 0:
        raise InvalidRequest("There is no file: send an image as the body, or a multipart form.")
    raise UnsupportedMediaType(
        f"A body of type {kind[:60]!r} is not accepted; send multipart/form-data, image/*, "
        "application/octet-stream or application/json."
    )


def _from_url(parts: Services, incoming: Request, upload: Upload) -> JobOptions:
    """Fetch the image into `upload`. Fetching waits, so it needs a slot like all that waits."""
    body = b"".join(body_chunks(incoming, MAX_JSON_BYTES))
    try:
        wanted = CreateJobFromUrl.model_validate_json(body)
    except ValidationError as exc:
        raise invalid_fields(exc, CreateJobFromUrl) from exc
    if not parts.settings.url_sources:
        raise UrlForbidden("This service does not fetch images by URL; upload the bytes.")
    with parts.waits.slot(caller()) as taken:
        if not taken:
            raise Overloaded("Too many requests wait already; come back later.", FETCH_RETRY_S)
        fetch_source(wanted.source.url, upload)
    return options_of(wanted)
