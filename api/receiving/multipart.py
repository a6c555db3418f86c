"""Receives a multipart form: one file, options as small fields, and nothing else."""

from __future__ import annotations

from flask import Request
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from api.receiving.uploads import Upload, body_chunks
from contract.errors import InvalidRequest

MAX_PARTS = 32
MAX_FIELD_BYTES = 16 * 1024  # a dataset's whole spec
MAX_BUFFER_BYTES = 512 * 1024  # what the decoder may buffer while it looks for a boundary
ENVELOPE_BYTES = MAX_PARTS * (MAX_FIELD_BYTES + 1024)  # the most bytes of a form without its image


class _Form:
    """Sorts the parts of a form: the file into the upload, the rest into fields."""

    def __init__(self, upload: Upload) -> None:
        self._upload = upload
        self._target: bytearray | Upload = bytearray()
        self._field: str | None = None
        self.fields: list[tuple[str, str]] = []
        self.has_file = False

    def begin(self, part: Field | File) -> None:
        if isinstance(part, Field):
            self._field, self._target = part.name, bytearray()
            return
        if part.name != self._upload.what:
            raise InvalidRequest(
                f"There is no file field {str(part.name)[:60]!r}; "
                f"send the file as {self._upload.what!r}."
            )
        if self.has_file:
            raise InvalidRequest(f"Send one {self._upload.what} per request.")
        self.has_file, self._field, self._target = True, None, self._upload

    def data(self, event: Data) -> None:
        if isinstance(self._target, Upload):
            self._target.write(event.data)
            return
        self._target += event.data
        if len(self._target) > MAX_FIELD_BYTES:
            raise InvalidRequest(
                f"The field {self._field!r} has more than {MAX_FIELD_BYTES} bytes."
            )
        if not event.more_data:
            self.fields.append((self._field or "", _text(self._target)))


def _text(value: bytearray) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise InvalidRequest("Form fields must be UTF-8.") from exc


def receive_form(request: Request, upload: Upload) -> list[tuple[str, str]]:
    """Fill `upload` with the form's file; return the other fields in order, names may repeat.

    Raises InvalidRequest for anything that is not such a form, ImageTooLarge by size.
    """
    boundary = request.mimetype_params.get("boundary", "")
    if not boundary:
        raise InvalidRequest("The multipart body has no boundary.")
    decoder = MultipartDecoder(
        boundary.encode("latin-1", "replace"), MAX_BUFFER_BYTES, max_parts=MAX_PARTS
    )
    form = _Form(upload)
    try:
        finished = _decode(decoder, form, request, upload.max_bytes + ENVELOPE_BYTES)
    except (ValueError, RequestEntityTooLarge) as exc:
        raise InvalidRequest("The multipart body is malformed or has too many parts.") from exc
    if not finished:
        raise InvalidRequest("The multipart body ended early.")
    if not form.has_file:
        raise InvalidRequest(f"There is no file: send it as the multipart field {upload.what!r}.")
    return form.fields


def _decode(decoder: MultipartDecoder, form: _Form, request: Request, max_bytes: int) -> bool:
    """Feed the body to `decoder`, its events to `form`; tell whether the form was complete."""
    for chunk in body_chunks(request, max_bytes):
        decoder.receive_data(chunk)
        _drain(decoder, form)
    decoder.receive_data(None)
    return _drain(decoder, form)


def _drain(decoder: MultipartDecoder, form: _Form) -> bool:
    while not isinstance(event := decoder.next_event(), NeedData):
        if isinstance(event, Epilogue):
            return True
        if isinstance(event, Field | File):
            form.begin(event)
        elif isinstance(event, Data):
            form.data(event)
    return False
