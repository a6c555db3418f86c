"""`GET /v1/videos/{id}`: where a video stands, now or when it has ended."""

from __future__ import annotations

from flask import Response

from api.answers.blueprint import VIDEOS, problems, v1
from api.receiving.parameters import WaitQuery
from api.runs.poll import poll_run
from api.services import services
from api.videos.documents import video_document
from api.videos.find import VideoPath, own_video
from contract.video_documents import VideoDocument


@v1.get(
    "/videos/<string:video_id>",
    tags=[VIDEOS],
    operation_id="get_video",
    summary="See where a video stands",
    responses={
        200: VideoDocument, 304: {"description": "Not changed"}, **problems(400, 401, 404),
    },
)  # fmt: skip
def get_video(path: VideoPath, query: WaitQuery) -> Response:
    """Answer the document: frames done, rate, estimates, files; with `wait`, hold it until the end.

    With `If-None-Match`, 304 if it is as it was; then `wait` holds until it has changed.
    """
    parts = services()
    return poll_run(parts, own_video(parts, path.video_id), query.wait, video_document)
