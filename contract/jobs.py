"""A job's request, record and result, as processes exchange them. Frozen, with one JSON form."""

from __future__ import annotations

import builtins
import hashlib
from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field

from contract.ids import ID_PATTERN, RUN_ID_PATTERN
from contract.names.queues import Lane
from contract.options import JobOptions
from contract.states import JobState
from contract.values import Value

# A tuple of codes that only grows in what it may hold: clients ignore those they do not know.
Warnings = Annotated[
    tuple[str, ...],
    Field(
        description="what the decoder mended by guessing: `truncated` (the file ends early), "
        "`corrupt_data`; the picture may have wrong or grey parts. `low_range`: 16-bit samples of "
        "which at most 14 bits are used, so that the picture is nearly black"
    ),
]

# Times are seconds since the epoch (UTC) inside, RFC 3339 in documents.
JobId = Annotated[str, Field(pattern=ID_PATTERN)]
RunId = Annotated[str, Field(pattern=RUN_ID_PATTERN)]


class InputInfo(Value):
    """What is known of the uploaded image without decoding it; sizes before EXIF rotation."""

    media_type: str
    bytes: int
    sha256: str
    width: int
    height: int

    def is_of(self, data: builtins.bytes) -> bool:
        """Tell whether `data` are the image's bytes."""
        return len(data) == self.bytes and hashlib.sha256(data).hexdigest() == self.sha256


class JobRequest(Value):
    """All that is needed to run the job again. Stored in the input object's metadata."""

    v: Literal[1] = 1
    id: JobId
    lane: Lane = Lane.INTERACTIVE
    created_at: float
    expires_at: float
    deadline_at: float | None = None
    options: JobOptions = JobOptions()
    input: InputInfo
    owner: str | None = Field(None, description="digest of the API key that submitted it")

    @cached_property
    def text(self) -> str:
        """The request as JSON, without what was not asked: for the record and the metadata."""
        return self.model_dump_json(exclude_none=True)


class OutputInfo(Value):
    """One file that the job made."""

    key: str
    media_type: str
    width: int | None = Field(None, description="px, of what is a picture")
    height: int | None = None
    bytes: int
    sha256: str


class ModelInfo(Value):
    """What computed the depth."""

    name: str
    weights_id: str
    engine: str
    precision: str
    net_size: tuple[int, int] = Field(description="height and width of the network's input, px")


class DepthInfo(Value):
    """What the numbers mean: relative inverse depth, larger is nearer, no unit."""

    kind: Literal["relative-inverse"] = "relative-inverse"
    min: float
    max: float


class Timings(Value):
    """Milliseconds per stage; `queued` from acceptance to claim, `wait` in the batcher."""

    queued_ms: float = 0.0
    fetch_ms: float = 0.0
    decode_ms: float = 0.0
    wait_ms: float = 0.0
    infer_ms: float = 0.0
    render_ms: float = 0.0
    store_ms: float = 0.0
    batch_size: int = 0


class JobError(Value):
    """Why the job failed: a code of contract.errors, and a sentence for people."""

    code: str
    message: str
    retryable: bool


class JobResult(Value):
    """How the job ended; the content of `result.json`. Failed jobs have one too."""

    v: Literal[1] = 1
    id: JobId
    state: JobState
    attempt: int
    started_at: float | None = None
    finished_at: float
    downsampled_to: tuple[int, int] | None = Field(
        None, description="width, height after the limit"
    )
    width: int | None = Field(None, description="of the upright image, after EXIF orientation, px")
    height: int | None = None
    warnings: Warnings = ()
    model: ModelInfo | None = None
    depth: DepthInfo | None = None
    outputs: dict[str, OutputInfo] = Field({})
    timings: Timings | None = None
    error: JobError | None = None


class JobRecord(Value):
    """A job as the ledger in Redis holds it."""

    request: JobRequest
    state: JobState = JobState.QUEUED
    attempt: int = 0
    version: int = Field(0, description="rises with every change; the ETag")
    started_at: float | None = None
    result: JobResult | None = None

    @property
    def id(self) -> str:
        """The job's id."""
        return self.request.id
