"""What the HTTP API answers about videos. Times are RFC 3339 in UTC."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from contract.documents import Document, Moment
from contract.jobs import JobError, RunId
from contract.models.declaration import DEFAULT_MODEL
from contract.options import ModelName
from contract.runs import RunName, RunWebhookUrl, S3Uri
from contract.states import DatasetState
from contract.values import Value
from contract.videos import VideoFacts, VideoSpec

_Url = Annotated[str, StringConstraints(max_length=2_000, pattern=r"^https?://[!-~]+$")]


class VideoSource(Value):
    """Where a video is: one of both."""

    url: _Url | None = Field(None, description="fetched by the service, if it fetches at all")
    s3: S3Uri | None = Field(
        None,
        description="an object of a bucket that datasets may read, or, with a slash at its end, a "
        "prefix of numbered images",
    )

    @model_validator(mode="after")
    def _one(self) -> VideoSource:
        if (self.url is None) == (self.s3 is None):
            raise ValueError("give either url or s3")
        return self


class VideoOptions(VideoSpec):
    """The options of a video, and what is to be known of it."""

    model: ModelName = Field(
        DEFAULT_MODEL, description="what computes the depth; `GET /v1/models` says which are served"
    )
    name: RunName | None = None
    webhook_url: RunWebhookUrl | None = None


class CreateVideo(VideoOptions):
    """A video by its place, and its options."""

    source: VideoSource


class FramesDocument(Document):
    """Frames by their end: only those that a worker has finished."""

    total: int = Field(description="taken of the video; 0 until it is surveyed")
    succeeded: int
    failed: int
    done: int
    by_code: dict[str, int]


class SegmentsDocument(Document):
    """The pieces that workers take."""

    total: int
    done: int
    planned: bool = Field(description="whether `total` and `frames.total` are final")


class VideoLinks(Document):
    """Where to go from here. `retry` and `cancel` are called with POST."""

    self: str
    events: str
    errors: str
    retry: str
    cancel: str


class VideoFileDocument(Document):
    """One file made of a video."""

    name: str
    url: str
    media_type: str


class VideoDocument(Document):
    """A video as clients see it."""

    id: RunId
    name: str | None = None
    state: DatasetState
    terminal: bool = Field(description="whether nothing will change any more, short of a retry")
    created_at: Moment
    started_at: Moment | None = None
    finished_at: Moment | None = None
    source: str = Field(description="`upload`, or the object's s3:// address")
    model: str = Field(DEFAULT_MODEL, description="what computes the depth")
    spec: VideoSpec
    video: VideoFacts | None = Field(None, description="what is in the file, once it is surveyed")
    frames: FramesDocument
    segments: SegmentsDocument
    round: int = Field(description="0: the first run; n: the n-th retry")
    frames_per_s: float = Field(description="over the last minute; 0 when it has ended")
    eta_p50_s: float | None = Field(None, description="as likely sooner as later")
    eta_p90_s: float | None = Field(None, description="nine in ten chance to be done by then")
    files: list[VideoFileDocument] = Field([], description="once it is completed")
    error: JobError | None = None
    links: VideoLinks


class VideosDocument(Document):
    """One page of videos, newest first."""

    videos: list[VideoDocument]
    next_cursor: str | None = Field(None, description="null: this was the last page")
