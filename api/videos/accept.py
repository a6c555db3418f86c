"""The accept stage of videos: check, store, record, notify the workers."""

from __future__ import annotations

from functools import partial

from api.receiving.uploads import Upload
from api.runs.accept import Submission, accept_run
from api.services import Services
from api.videos.body import Received
from contract.errors import InvalidRequest, NotFound, VideoTooLarge
from contract.kinds.video import VIDEO
from contract.options import JobOptions
from contract.runs import DatasetSpec, RunRequest
from contract.videos import VideoSpec, VideoWishes, is_prefix
from storage.objects.buckets import split_uri


def accept_video(
    parts: Services, received: Received, upload: Upload, owner: str | None, key: str | None
) -> RunRequest:
    """Check, keep and enqueue; return the request (an older one if this is a replay).

    Raises InvalidRequest, Conflict or VideoTooLarge, and StorageUnavailable: nothing is kept.
    """
    options = received.options
    spec = VideoSpec.model_validate(options.model_dump(include=set(VideoSpec.model_fields)))
    in_bucket = received.s3 is not None
    submission = Submission(
        kind=VIDEO,
        spec=DatasetSpec(
            name=options.name,
            webhook_url=options.webhook_url,
            options=JobOptions(model=options.model),
        ),
        upload=None if in_bucket else upload,
        owner=owner,
        idempotency_key=key,
        wishes=VideoWishes(spec=spec, s3=received.s3).model_dump(mode="json"),
    )
    return accept_run(parts, submission, partial(_check, parts, received.s3, upload, owner))


def _check(parts: Services, place: str | None, upload: Upload, owner: str | None) -> None:
    """Raise InvalidRequest unless there is something that may be read, VideoTooLarge by size."""
    if place is not None:
        _check_object(parts, place, owner)
    elif not upload.size:
        raise InvalidRequest("The video is empty.")


def _check_object(parts: Services, place: str, owner: str | None) -> None:
    """Raise InvalidRequest unless the object is there and may be read, VideoTooLarge by size."""
    bucket, key = split_uri(place)
    store = parts.buckets.of(owner).open(bucket)
    if is_prefix(key):
        if next(iter(store.list(key)), None) is None:
            raise InvalidRequest(f"There is nothing below {place[:200]}.")
        return
    try:
        info = store.head(key)
    except (NotFound, ValueError) as exc:
        raise InvalidRequest(f"There is no object {place[:200]}.") from exc
    if info.size > parts.settings.max_video_bytes:
        raise VideoTooLarge(f"The video has more than {parts.settings.max_video_bytes} bytes.")
