"""What a client asks of a video, and what its frames became. Frozen, JSON."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from contract.outputs.heatmap import Colormap
from contract.values import Value

VideoOutput = Literal[
    "heatmap",
    "side_by_side",
    "depth",
    "depth_png",
    "depth_exr",
    "depth_npz",
    "preview",
    "parquet",
]
# output → name of its file; `depth` has a sidecar beside it
VIDEO_FILES: dict[VideoOutput, str] = {
    "heatmap": "heatmap.mp4",
    "side_by_side": "side_by_side.mp4",
    "depth": "depth.mkv",
    "depth_png": "depth_png.zip",
    "depth_exr": "depth_exr.zip",
    "depth_npz": "depth.npz",
    "preview": "preview.webp",
    "parquet": "frames.parquet",
}
SIDECAR_FILE = "depth.json"
FACTS_FILE = "video.json"  # VideoFacts, written when the video is surveyed
FRAMES_FILE = "frames.json"  # keys of the images of a prefix, written when they are listed
VIDEO_MEDIA_TYPES: dict[str, str] = {
    "mp4": "video/mp4",
    "mkv": "video/x-matroska",
    "zip": "application/zip",
    "npz": "application/zip",
    "webp": "image/webp",
    "parquet": "application/vnd.apache.parquet",
    "json": "application/json",
}


def is_prefix(key: str) -> bool:
    """Tell whether an object key means all numbered images below it, rather than one video."""
    return not key or key.endswith("/")


def _each_once(outputs: tuple[VideoOutput, ...]) -> tuple[VideoOutput, ...]:
    if not outputs:
        raise ValueError("name at least one output")
    return tuple(dict.fromkeys(outputs))


class VideoSpec(BaseModel):
    """The options of a video."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    outputs: Annotated[tuple[VideoOutput, ...], AfterValidator(_each_once)] = Field(
        ("heatmap",), description="the files to make"
    )
    normalize: Literal["clip", "shot", "frame"] = Field(
        "shot",
        description="which frames share one range of colors: all, those between two cuts, or none",
    )
    colormap: Colormap = Field("inferno", description="of heatmap, side_by_side and preview")
    start_s: float = Field(0.0, ge=0, description="leave out what is before, in seconds")
    end_s: float | None = Field(None, gt=0, description="leave out what is after, in seconds")
    fps: float | None = Field(
        None, gt=0, le=240, description="take at most so many frames a second; default: all"
    )
    max_side: int = Field(
        1280, ge=64, le=4096, description="longest side of the videos made, in px; never enlarged"
    )
    frames_fps: float = Field(
        25.0, gt=0, le=240, description="of numbered images, which have no times"
    )

    @model_validator(mode="after")
    def _ends_after_start(self) -> Self:
        if self.end_s is not None and self.end_s <= self.start_s:
            raise ValueError("end_s must be after start_s")
        return self


class VideoFacts(Value):
    """What planning found out; the same for all pieces of a video."""

    width: int = Field(description="px, upright")
    height: int
    time_base: tuple[int, int] = Field(description="seconds per unit of time, as a fraction")
    codec: str
    sound: bool
    exact: bool = Field(description="frames can be found by their times; else by their numbers")
    frames: int = Field(description="in the file")
    chosen: int = Field(description="by start_s, end_s and fps")


class FrameFacts(Value):
    """One frame of steady depth: code 0 is `low`, 65535 is `high`, in the frame's own scale.

    `scale` and `shift` take that to the scale of the frame before.
    """

    at: float = Field(description="seconds from the start of the file")
    low: float
    high: float
    p1: float = Field(description="a hundredth of the depth is below")
    p99: float
    mean: float
    scale: float
    shift: float
    alike: float = Field(description="share of pixels found in the frame before")
    cut: bool = Field(description="a shot begins here")


class Piece(Value):
    """A stretch of frames by time or number, with those around it that its depth depends on."""

    own: tuple[int, ...]
    before: tuple[int, ...] = ()
    after: tuple[int, ...] = ()


class VideoWishes(Value):
    """What the record of a video holds beyond that of every run."""

    spec: VideoSpec = VideoSpec()
    s3: str | None = Field(None, description="where the video is, if it was not uploaded")
