"""`GET /v1/videos/{id}/files/{name}`: one of the files that a video became."""

from __future__ import annotations

from werkzeug.wrappers import Response as AnyResponse

from api.answers.blueprint import VIDEOS, problems, v1
from api.answers.serving import file_responses, serve
from api.services import services
from api.videos.documents import file_names, media_type
from api.videos.find import VideoFilePath, own_video
from contract.errors import Conflict, NotFound
from contract.names.object_keys import run_object
from contract.states import DatasetState
from contract.videos import VIDEO_MEDIA_TYPES, VideoWishes


@v1.get(
    "/videos/<string:video_id>/files/<string:name>",
    tags=[VIDEOS],
    operation_id="get_video_file",
    summary="Fetch one of a video's files",
    responses={
        **file_responses(*dict.fromkeys(VIDEO_MEDIA_TYPES.values())),
        **problems(401, 404, 409, 416),
    },
)
def get_video_file(path: VideoFilePath) -> AnyResponse:
    """Answer the file, or redirect to a presigned URL if the store has such."""
    parts = services()
    record, _ = own_video(parts, path.video_id)
    if path.name not in file_names(VideoWishes.model_validate(record.request.wishes).spec):
        raise NotFound(f"The video has no file {path.name[:60]!r}.")
    if record.state is not DatasetState.COMPLETED:
        raise Conflict(f"The video is {record.state.value}; its files come when it is completed.")
    key, filename = run_object(record.id, path.name), f"{record.id}.{path.name}"
    expires_s = parts.settings.presign_expires_s
    return serve(parts.objects, key, filename, media_type(path.name), expires_s)
