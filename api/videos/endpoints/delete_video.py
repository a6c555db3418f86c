"""`DELETE /v1/videos/{id}`: removes all that an ended video has in our bucket."""

from __future__ import annotations

from flask import Response

from api.answers.blueprint import VIDEOS, problems, v1
from api.runs.commands import remove_run
from api.services import services
from api.videos.find import VideoPath, own_video


@v1.delete(
    "/videos/<string:video_id>",
    tags=[VIDEOS],
    operation_id="delete_video",
    summary="Remove a video",
    responses={"204": {"description": "Gone"}, **problems(401, 404, 409)},
)
def delete_video(path: VideoPath) -> Response:
    """Remove the upload and everything made of it. Cancel a running one first."""
    parts = services()
    record, _ = own_video(parts, path.video_id)
    remove_run(parts, record)
    return Response(status=204)
