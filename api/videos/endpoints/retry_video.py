"""`POST /v1/videos/{id}/retry`: runs failed frames again, and makes the files anew."""

from __future__ import annotations

from flask import Response

from api.answers.blueprint import VIDEOS, document, problems, v1
from api.runs.commands import retry_run
from api.runs.documents import run_path
from api.services import services
from api.videos.documents import video_document
from api.videos.find import VideoPath, own_video
from contract.video_documents import VideoDocument


@v1.post(
    "/videos/<string:video_id>/retry",
    tags=[VIDEOS],
    operation_id="retry_video",
    summary="Run the failed frames again",
    responses={202: VideoDocument, **problems(401, 404, 409)},
)
def retry_video(path: VideoPath) -> Response:
    """Run the failed frames again, and make all files anew; those of before stay until then."""
    parts = services()
    record, _ = own_video(parts, path.video_id)
    retry_run(parts, record, ())
    headers = {"Location": run_path(parts, record.id)}
    return document(video_document(parts, own_video(parts, record.id)), 202, headers)
