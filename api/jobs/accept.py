"""The accept stage: checks an upload and stores it as a job. The order of writes matters.

Input object, then record, then message: a message always refers to an existing record, and once the
input is written with the request in its metadata, the job can be rebuilt from storage alone. Record
and message are one step of Redis (docs/decisions/0161-record-and-message-in-one-step.md).
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field

from api.callers.idempotency import Binding
from api.receiving.uploads import CHUNK_BYTES, Upload
from api.receiving.webhook_url import check_webhook_url
from api.services import Services
from contract.errors import InvalidRequest, StorageUnavailable
from contract.ids import new_id
from contract.image_header import ImageHeader, NeedMoreBytes, check_limits, read_header
from contract.jobs import InputInfo, JobRecord, JobRequest
from contract.models.declaration import DEFAULT_MODEL
from contract.names.object_keys import REQUEST_METADATA, input_object, job_prefix
from contract.options import JobOptions
from storage.jobs import recovery
from storage.jobs.ledger import AlreadyOver
from storage.jobs.letter import NO_LETTER

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Submission:
    """What a client sent, read and counted but not yet checked."""

    upload: Upload
    options: JobOptions
    owner: str | None
    idempotency_key: str | None
    job_id: str = field(default_factory=new_id)  # unless the key names an older job


def accept(parts: Services, submission: Submission) -> JobRecord:
    """Check, keep and enqueue; return the job's record (an older one if this is a replay).

    Raises an InputError for the image, InvalidRequest or Conflict for the request, ModelNotServed
    or Overloaded for its model, and StorageUnavailable, after which nothing is kept.
    """
    request = _request(parts, submission)
    key = submission.idempotency_key
    if key is None:
        _admit(parts, request)
        return _keep(parts, request, submission.upload, shared=False)
    wanted = f"{request.input.sha256}\n{request.options.model_dump_json()}"
    binding = Binding.of(request.owner or "", key, wanted=wanted)
    holder = binding.holder(parts, request.id)
    if holder != request.id and (record := find(parts, holder)):
        return record
    _admit(parts, request)
    # The first request with this key may be in the middle of these writes, or its process may have
    # died there. Repeating them under the same id is safe and completes them.
    binding.write_mark(parts, job_prefix(holder))
    return _keep(parts, request.model_copy(update={"id": holder}), submission.upload, shared=True)


def _admit(parts: Services, request: JobRequest) -> None:
    """Raise unless the model asked for is known, served, and has room in its queue."""
    model = request.options.model
    parts.models.check(model, request.lane)
    if model != DEFAULT_MODEL:  # of the default one it is known already
        parts.capacity.admit(model)


def find(parts: Services, job_id: str) -> JobRecord | None:
    """Return the job's record, rebuilt from storage and enqueued again if Redis lost it."""
    record = parts.jobs.get(job_id)
    if record is not None:
        return record
    record = recovery.rebuild(parts.objects, job_id)
    if record is None or record.request.expires_at <= time.time():
        return None
    log.warning("record rebuilt from storage", extra={"action": "recover", "job_id": job_id})
    try:
        if parts.jobs.create(record) and not record.state.terminal:
            _enqueue(parts, record)
    except AlreadyOver:
        return None
    return parts.jobs.get(job_id) or record


def check_header(upload: Upload, extra_formats: tuple[str, ...], max_pixels: int) -> ImageHeader:
    """Read format and size from the first bytes, as few as it takes. Raises an InputError."""
    if upload.size == 0:
        raise InvalidRequest("The file is empty.")
    length = CHUNK_BYTES
    while True:
        try:
            header = read_header(upload.head(length), extra_formats)
        except NeedMoreBytes as exc:
            if length >= upload.size:
                raise
            length = max(exc.at_least, 4 * length)
        else:
            check_limits(header, max_pixels)
            return header


def _request(parts: Services, submission: Submission) -> JobRequest:
    settings, options, upload = parts.settings, submission.options, submission.upload
    header = check_header(upload, settings.extra_formats, settings.max_pixels)
    check_webhook_url(options.webhook_url, settings)
    now = time.time()
    return JobRequest(
        id=submission.job_id,
        created_at=now,
        expires_at=now + settings.retention_s,
        deadline_at=now + options.deadline_s if options.deadline_s else None,
        options=options,
        owner=submission.owner,
        input=InputInfo(
            media_type=header.media_type,
            bytes=upload.size,
            sha256=upload.sha256,
            width=header.width,
            height=header.height,
        ),
    )


def _keep(parts: Services, request: JobRequest, upload: Upload, *, shared: bool) -> JobRecord:
    """Write input, record, message, in this order. `shared`: other requests may use the same id."""
    record = JobRecord(request=request)
    content = upload.content()
    parts.objects.put(
        input_object(request.id),
        content,
        media_type=request.input.media_type,
        metadata={REQUEST_METADATA: request.text},
    )
    letter = parts.dispatch.letter(request.id, request.lane, request.options.model)
    handed = content if isinstance(content, bytes) else b""
    try:
        created = parts.jobs.create(record, handed, letter)
    except StorageUnavailable:
        # With a shared id the input may belong to a request that was already answered with 202.
        if not shared:
            _forget(parts, request.id)
        raise
    if created and letter is NO_LETTER:
        _enqueue(parts, record)
    return parts.jobs.get(request.id) or record if shared else record


def _enqueue(parts: Services, record: JobRecord) -> None:
    """Send the message. A failure is not an error, because input and record are stored.

    The reconciler enqueues every accepted job without a message.
    """
    try:
        request = record.request
        parts.dispatch.enqueue(record.id, request.lane, request.options.model)
    except StorageUnavailable as exc:
        log.warning("not enqueued: %s", exc, extra={"action": "enqueue", "job_id": record.id})


def _forget(parts: Services, job_id: str) -> None:
    """Remove the input of a refused job, best effort: what remains expires.

    A create that timed out may still be applied later. The worker then finds no input and ends the
    job, whose id no client knows. Asking the silent Redis again would only delay the answer.
    """
    try:
        parts.objects.delete([input_object(job_id)])
    except StorageUnavailable as exc:
        log.warning("input left behind: %s", exc, extra={"action": "forget", "job_id": job_id})
