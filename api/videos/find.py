"""Finds a video for its owner."""

from __future__ import annotations

from pydantic import Field

from api.datasets.poll import Found, find_dataset, is_own
from api.receiving.parameters import Parameters
from api.services import Services
from contract.errors import NotFound
from contract.ids import RUN_ID_PATTERN, is_run_id
from contract.kinds.video import VIDEO


class VideoPath(Parameters):
    """Which video. What is no id is not found, rather than invalid."""

    video_id: str = Field(json_schema_extra={"pattern": RUN_ID_PATTERN})


class VideoFilePath(VideoPath):
    """Which file of which video."""

    name: str = Field(
        description="as `files` of the document has it, e.g. `heatmap.mp4`",
        json_schema_extra={"pattern": "^[a-z0-9_]+[.][a-z0-9]+$"},
    )


def own_video(parts: Services, video_id: str) -> Found:
    """Return the video if there is one and it is the caller's; raises NotFound alike for both."""
    found = find_dataset(parts, video_id) if is_run_id(video_id, VIDEO) else None
    if found is None or not is_own(parts, found[0].request):
        raise NotFound(f"There is no video {video_id[:60]!r}, or not any more.")
    return found
