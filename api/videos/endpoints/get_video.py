"""`GET /v1/videos/{id}`: where a video stands, now or when it has ended."""

from __future__ import annotations

from flask import Response, request

from api.answers.blueprint import VIDEOS, document, problems, v1
from api.receiving.parameters import WaitQuery
from api.runs.documents import run_etag
from api.runs.find import Found, ended, wait_for_run
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
    found = own_video(parts, path.video_id)
    seen = request.if_none_match

    def changed(current: Found) -> bool:
        return not seen.contains_weak(run_etag(current[0])[3:-1])

    found = wait_for_run(parts, found, changed if seen else ended, query.wait)
    headers = {"ETag": run_etag(found[0]), "Cache-Control": "no-cache"}
    if seen and not changed(found):
        return Response(status=304, headers=headers)
    return document(video_document(parts, found), headers=headers)
