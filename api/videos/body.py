"""Reads a video's submission: a form with the file, or JSON that says where the video is."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Request
from pydantic import ValidationError

from api.answers.errors import invalid_fields
from api.callers.auth import caller
from api.jobs.fetch_source import fetch_source
from api.jobs.options import values_of
from api.receiving.multipart import MAX_FIELD_BYTES, receive_form
from api.receiving.uploads import Upload, body_chunks
from api.services import Services
from contract.errors import (
    ImageTooLarge,
    Overloaded,
    UnsupportedMediaType,
    UrlForbidden,
    VideoTooLarge,
)
from contract.video_documents import CreateVideo, VideoOptions
from outbound.http import GuardedClient

VIDEO_FIELD = "video"
_FETCH_S = 120.0
_FETCH_RETRY_S = 5


@dataclass(frozen=True)
class Received:
    """A submission as it came: the upload is filled unless `s3` says where the video is."""

    options: VideoOptions
    s3: str | None = None


def receive_video(parts: Services, incoming: Request, upload: Upload) -> Received:
    """Return what is asked, and `upload` filled. Raises InvalidRequest, VideoTooLarge."""
    try:
        if incoming.mimetype == "multipart/form-data":
            values = values_of(receive_form(incoming, upload))
            return Received(VideoOptions.model_validate(values))
        if incoming.mimetype == "application/json":
            return _from_place(parts, incoming, upload)
    except ImageTooLarge as exc:
        raise VideoTooLarge(exc.message) from exc
    except ValidationError as exc:
        raise invalid_fields(exc, CreateVideo) from exc
    raise UnsupportedMediaType(
        "Send the video as multipart/form-data, or application/json with its source."
    )


def _from_place(parts: Services, incoming: Request, upload: Upload) -> Received:
    body = b"".join(body_chunks(incoming, MAX_FIELD_BYTES))
    wanted = CreateVideo.model_validate_json(body)
    options = VideoOptions.model_validate(wanted.model_dump(exclude={"source"}))
    if wanted.source.url is None:
        return Received(options, wanted.source.s3)
    if not parts.settings.url_sources:
        raise UrlForbidden("This service does not fetch videos by URL; upload the bytes.")
    with parts.waits.slot(caller()) as taken:
        if not taken:
            raise Overloaded("Too many requests wait already; come back later.", _FETCH_RETRY_S)
        client = GuardedClient(timeout_s=_FETCH_S, max_bytes=upload.max_bytes)
        fetch_source(wanted.source.url, upload, client)
    return Received(options)
