"""Path parameters of the calls on videos, and the caller's own."""

from __future__ import annotations

from pydantic import Field

from api.receiving.parameters import Parameters
from api.runs.find import Found, own_run
from api.services import Services
from contract.ids import RUN_ID_PATTERN
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
    return own_run(parts, VIDEO, video_id)
