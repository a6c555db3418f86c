"""`GET /v1/videos/{id}/events`: the progress of a video as server-sent events."""

from __future__ import annotations

from functools import partial

from flask import Response

from api.answers.blueprint import VIDEOS, problems, v1
from api.runs.events import follow_run
from api.services import services
from api.videos.documents import video_document
from api.videos.find import VideoPath, own_video
from api.waiting.follow import event_schema


@v1.get(
    "/videos/<string:video_id>/events",
    tags=[VIDEOS],
    operation_id="stream_video_events",
    summary="Follow a video",
    responses={
        200: {
            "description": "Events `video`: data is the document, id its version",
            "content": {"text/event-stream": {"schema": event_schema("video", "VideoDocument")}},
        },
        204: {"description": "The video has ended and `Last-Event-ID` was its last event"},
        **problems(401, 404),
    },
)
def stream_video_events(path: VideoPath) -> Response:
    """Stream the document now and as it changes, at most twice a second; end with the video."""
    parts = services()
    return follow_run(parts, own_video(parts, path.video_id), partial(video_document, parts))
