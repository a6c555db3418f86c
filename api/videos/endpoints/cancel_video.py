"""`POST /v1/videos/{id}/cancel`: stops a video."""

from __future__ import annotations

from flask import Response

from api.answers.blueprint import VIDEOS, document, problems, v1
from api.runs.commands import cancel_run
from api.services import services
from api.videos.documents import video_document
from api.videos.find import VideoPath, own_video
from contract.video_documents import VideoDocument


@v1.post(
    "/videos/<string:video_id>/cancel",
    tags=[VIDEOS],
    operation_id="cancel_video",
    summary="Stop a video",
    responses={200: VideoDocument, **problems(401, 404)},
)
def cancel_video(path: VideoPath) -> Response:
    """Stop dispatch at once. A canceled video has no files; one that has ended stays as it is."""
    parts = services()
    record, _ = own_video(parts, path.video_id)
    cancel_run(parts, record)
    return document(video_document(parts, own_video(parts, record.id)))
