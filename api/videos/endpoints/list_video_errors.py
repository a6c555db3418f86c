"""`GET /v1/videos/{id}/errors`: which frames failed, and why."""

from __future__ import annotations

from flask import Response

from api.answers.blueprint import VIDEOS, document, problems, v1
from api.datasets.documents import item_document
from api.receiving.parameters import ErrorsQuery
from api.services import services
from api.videos.find import VideoPath, own_video
from contract.dataset_documents import DatasetErrorsDocument
from storage.runs.error_pages import errors_page


@v1.get(
    "/videos/<string:video_id>/errors",
    tags=[VIDEOS],
    operation_id="list_video_errors",
    summary="Page through the frames that failed",
    responses={200: DatasetErrorsDocument, **problems(400, 401, 404)},
)
def list_video_errors(path: VideoPath, query: ErrorsQuery) -> Response:
    """Answer a page of failed frames, while the video runs and after."""
    parts = services()
    record, _ = own_video(parts, path.video_id)
    codes = [code.strip() for code in query.code.split(",") if code.strip()]
    page = errors_page(parts.files, record.id, cursor=query.cursor, limit=query.limit, codes=codes)
    errors = [item_document(parts, record.request, result) for result in page.items]
    answer = DatasetErrorsDocument(errors=errors, next_cursor=page.next_cursor)
    return document(answer, headers={"Cache-Control": "no-store"})
