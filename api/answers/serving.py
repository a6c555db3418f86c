"""Answers with an object of the store: a redirect to it, or its bytes.

The bytes are sent from the file itself, as fast as the client reads. Nothing is copied for slow
clients, and no thread waits for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from flask import Request, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from api.receiving.uploads import CHUNK_BYTES
from storage.objects.protocol import ObjectStore

_BINARY = {"schema": {"type": "string", "format": "binary"}}
_JSON = {"schema": {"type": "object"}}
_ONE_RANGE = re.compile(r"bytes=\s*(?:(\d{1,18})-(\d{0,18})|-\d{1,18})\s*", re.IGNORECASE)


@dataclass(frozen=True)
class File:
    """An object as clients see it. `etag` without quotes."""

    key: str
    bytes: int
    media_type: str
    filename: str
    etag: str
    cache_control: str


def file_content(media_types: Iterable[str]) -> dict[str, Any]:
    """Return the OpenAPI content of a file of one of these types."""
    return {kind: _JSON if kind == "application/json" else _BINARY for kind in media_types}


def file_responses(*media_types: str) -> dict[str | int, Any]:
    """Return the OpenAPI responses of a file."""
    content = file_content(media_types)
    return {
        "200": {"description": "The file", "content": content},
        "206": {"description": "A part of the file", "content": content},
        "302": {"description": "The file is at `Location`, for a while"},
        "304": {"description": "Not changed"},
    }


def ignore_odd_range(incoming: Request) -> None:
    """Ignore a `Range` that is not one range of bytes: the whole file is sent (RFC 9110, 14.2)."""
    found = _ONE_RANGE.fullmatch(incoming.environ.get("HTTP_RANGE", ""))
    first, last = found.groups() if found else (None, None)
    if incoming.method != "GET" or found is None or (first and last and int(last) < int(first)):
        incoming.environ.pop("HTTP_RANGE", None)


def serve(
    store: ObjectStore, key: str, filename: str, media_type: str, expires_s: int
) -> AnyResponse:
    """Redirect to a presigned URL if the store has such, else answer the bytes. Raises NotFound."""
    info = store.head(key)
    etag = info.etag.strip('"')
    return answer_file(
        store, File(key, info.size, media_type, filename, etag, "private, no-cache"), expires_s
    )


def answer_file(store: ObjectStore, file: File, expires_s: int) -> AnyResponse:
    """Answer `file`, or where it is. Raises NotFound if it is gone.

    Never redirects a HEAD: a presigned URL is signed for GET alone.
    """
    if request.method == "HEAD":
        store.head(file.key)
        return _described(file)
    url = store.presign(file.key, expires_s=expires_s, filename=file.filename)
    if url is not None:
        found = redirect(url, 302)
        found.headers["Cache-Control"] = "no-store"  # the URL grants access, and expires
        return found
    response = _described(file)
    if response.status_code in (200, 206):
        _attach(response, store.open(file.key))
    return response


def _described(file: File) -> Response:
    """Return the answer without its bytes. Raises RequestedRangeNotSatisfiable."""
    # `nosniff` and an attachment: a result is never rendered as a page.
    response = Response(content_type=file.media_type)
    response.content_length = file.bytes
    if file.etag:
        response.set_etag(file.etag)
    response.headers["Content-Disposition"] = f'attachment; filename="{file.filename}"'
    response.headers["Cache-Control"] = file.cache_control
    response.make_conditional(request, accept_ranges=True, complete_length=file.bytes)
    return response


def _attach(response: Response, file: BinaryIO) -> None:
    """Attach the file's bytes to `response`: all of them, or the range it states."""
    length = response.content_length or 0
    file.seek(response.content_range.start or 0)
    wrapper = request.environ.get("wsgi.file_wrapper")
    # The front sends this many bytes from the file's position, and closes it.
    if wrapper is not None:
        response.response, response.direct_passthrough = wrapper(file, CHUNK_BYTES), True
        return
    response.response = _chunks(file, length)
    response.call_on_close(file.close)


def _chunks(file: BinaryIO, length: int) -> Iterator[bytes]:
    while length > 0 and (chunk := file.read(min(CHUNK_BYTES, length))):
        length -= len(chunk)
        yield chunk
