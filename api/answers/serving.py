"""Answers with an object of the store: by a redirect to it, or with its bytes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

from flask import Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from api.receiving.uploads import CHUNK_BYTES
from storage.objects.protocol import ObjectStore

_BINARY = {"schema": {"type": "string", "format": "binary"}}


def file_responses(*media_types: str) -> dict[str | int, Any]:
    """Return the OpenAPI responses of a file."""
    content = dict.fromkeys(media_types, _BINARY)
    return {
        "200": {"description": "The file", "content": content},
        "206": {"description": "A part of the file", "content": content},
        "302": {"description": "The file is at `Location`, for a while"},
        "304": {"description": "Not changed"},
    }


def serve(
    store: ObjectStore, key: str, filename: str, media_type: str, expires_s: int
) -> AnyResponse:
    """Redirect to a presigned URL if the store has such, else answer the bytes. Raises NotFound."""
    info = store.head(key)
    url = store.presign(key, expires_s=expires_s, filename=filename)
    if url is not None:
        found = redirect(url, 302)
        found.headers["Cache-Control"] = "no-store"  # the URL is a key, and it ages
        return found
    file = store.open(key)
    response = Response(_chunks(file), content_type=media_type)
    response.call_on_close(file.close)
    response.content_length = info.size
    if info.etag:
        response.set_etag(info.etag.strip('"'))
    response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    response.headers["Cache-Control"] = "private, no-cache"
    response.make_conditional(request, accept_ranges=True, complete_length=info.size)
    return response


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(CHUNK_BYTES):
        yield chunk
