"""`GET /v1/videos/{id}/events`: the progress of a video as server-sent events."""

from __future__ import annotations

from functools import partial

from flask import Response

from api.answers.blueprint import VIDEOS, problems, v1
from api.datasets.poll import Found, find_dataset
from api.services import Services, services
from api.videos.documents import video_document
from api.videos.find import VideoPath, own_video
from api.waiting.follow import Subject, View, event_schema, follow

MIN_PAUSE_S = 0.5


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
    found = own_video(parts, path.video_id)
    video_id = found[0].id

    def look() -> View | None:
        current = find_dataset(parts, video_id)
        return _view(parts, current) if current else None

    return follow(parts, Subject(video_id, "video", look, MIN_PAUSE_S), _view(parts, found))


def _view(parts: Services, found: Found) -> View:
    record = found[0]
    mark = f"{record.version}-{record.in_flight}"
    return View(mark, record.state.terminal, partial(video_document, parts, found))
