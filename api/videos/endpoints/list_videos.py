"""`GET /v1/videos`: the caller's videos, newest first."""

from __future__ import annotations

from flask import Response

from api.answers.blueprint import VIDEOS, document, problems, v1
from api.receiving.parameters import PageQuery
from api.runs.listing import page
from api.services import services
from api.videos.documents import video_document
from contract.kinds.video import VIDEO
from contract.video_documents import VideosDocument


@v1.get(
    "/videos",
    tags=[VIDEOS],
    operation_id="list_videos",
    summary="See your videos",
    responses={200: VideosDocument, **problems(400, 401)},
)
def list_videos(query: PageQuery) -> Response:
    """Answer a page of the videos made with the same key, newest first."""
    parts = services()
    runs, cursor = page(parts, VIDEO, query.cursor, query.limit)
    videos = [video_document(parts, found) for found in runs]
    answer = VideosDocument(videos=videos, next_cursor=cursor)
    return document(answer, headers={"Cache-Control": "no-store"})
