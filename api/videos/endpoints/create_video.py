"""`POST /v1/videos`: a video in a form, or the place where it is."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from api.answers.accepted import accepted
from api.answers.blueprint import VIDEOS, problems, v1
from api.callers.auth import owner
from api.datasets.openapi import HEADERS
from api.load.kinds import check_kind
from api.receiving.headers import idempotency_key, wait_preference
from api.receiving.uploads import Upload
from api.runs.documents import run_path
from api.runs.find import ended, wait_for_run
from api.services import services
from api.videos.accept import accept_video
from api.videos.body import VIDEO_FIELD, receive_video
from api.videos.documents import video_document
from api.videos.find import own_video
from contract.kinds.video import VIDEO
from contract.video_documents import VideoDocument, VideoOptions

_FORM: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": [VIDEO_FIELD],
    "properties": {
        VIDEO_FIELD: {
            "type": "string",
            "format": "binary",
            "description": "MP4, MOV, MKV, WebM, AVI, GIF, or a zip of numbered images",
        },
        **VideoOptions.model_json_schema()["properties"],
    },
}
_BODY: dict[str, Any] = {
    "parameters": HEADERS,
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {"schema": _FORM},
            "application/json": {"schema": {"$ref": "#/components/schemas/CreateVideo"}},
        },
    },
}


@v1.post(
    "/videos",
    tags=[VIDEOS],
    operation_id="create_video",
    summary="Submit a video",
    responses={
        200: VideoDocument, 202: VideoDocument,
        **problems(400, 401, 403, 409, 411, 413, 415, 422, 429, 501),
    },
    openapi_extensions=_BODY,
)  # fmt: skip
def create_video() -> Response:
    """Keep the video and have it surveyed; workers compute its segments, then make the files.

    Answers 202 with the video's document and its URL in `Location`; 200 if `Prefer: wait=N` was
    asked and it ended in time.
    """
    parts = services()
    check_kind(parts.capacity, VIDEO)
    wait_s, key = wait_preference(request), idempotency_key(request)
    with Upload(parts.settings.max_video_bytes, VIDEO_FIELD) as upload:
        received = receive_video(parts, request, upload)
        kept = accept_video(parts, received, upload, owner(), key)
    found = wait_for_run(parts, own_video(parts, kept.id), ended, wait_s)
    place, over = run_path(parts, kept.id), wait_s > 0 and ended(found)
    return accepted(video_document(parts, found), place, wait_s, ended=over)
