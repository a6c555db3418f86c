"""Reads a dataset's submission: a JSON spec, or a form with an archive and the spec."""

from __future__ import annotations

from flask import Request
from pydantic import ValidationError

from api.answers.errors import InvalidFields, invalid_fields
from api.receiving.multipart import MAX_FIELD_BYTES, receive_form
from api.receiving.uploads import Upload, body_chunks
from contract.dataset_documents import RetryBody
from contract.documents import FieldProblem
from contract.errors import InvalidRequest, UnsupportedMediaType
from contract.runs import DatasetSpec
from contract.sources.archives import HEAD_BYTES, archive_kind

ARCHIVE = "archive"


def receive_spec(incoming: Request, archive: Upload) -> tuple[DatasetSpec, Upload | None]:
    """Return the spec, and `archive` filled if one came. Raises InvalidRequest, ImageTooLarge."""
    if incoming.mimetype == "application/json":
        body = _json_body(incoming)
        return _checked(body), None
    if incoming.mimetype != "multipart/form-data":
        raise UnsupportedMediaType(
            "Send the dataset as application/json, or as multipart/form-data with an archive."
        )
    fields = receive_form(incoming, archive)
    archive_kind(archive.head(HEAD_BYTES))  # refused at once if no worker could read it
    if len(fields) > 1 or any(name != "spec" for name, _ in fields):
        names = sorted({name[:60] for name, _ in fields})
        message = f"beside the archive there is one field, `spec`; here are: {', '.join(names)}"
        raise InvalidFields([FieldProblem(field="spec", message=message)])
    return _checked(fields[0][1].encode() if fields else b"{}"), archive


def receive_codes(incoming: Request) -> tuple[str, ...]:
    """Return the codes of a retry; none: all. Raises InvalidRequest."""
    if not incoming.content_length and not incoming.headers.get("Transfer-Encoding"):
        return ()
    if incoming.mimetype != "application/json":
        raise UnsupportedMediaType("Send the codes as application/json, or no body at all.")
    try:
        return tuple(RetryBody.model_validate_json(_json_body(incoming)).codes)
    except ValidationError as exc:
        raise invalid_fields(exc, RetryBody) from exc


def _json_body(incoming: Request) -> bytes:
    body = b"".join(body_chunks(incoming, MAX_FIELD_BYTES))
    if not body:
        raise InvalidRequest("The body is empty.")
    return body


def _checked(body: bytes) -> DatasetSpec:
    try:
        return DatasetSpec.model_validate_json(body)
    except ValidationError as exc:
        raise invalid_fields(exc, DatasetSpec) from exc
