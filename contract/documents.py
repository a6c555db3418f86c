"""What the HTTP API answers: the documents that clients read. Times are RFC 3339 in UTC.

The server builds them, the client reads them, OpenAPI describes them: one model each.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from contract.jobs import DepthInfo, InputInfo, JobError, JobId, ModelInfo, Timings, Warnings
from contract.options import URL_PATTERN, JobOptions
from contract.states import JobState

__all__ = ["JobDocument", "JobLinks", "Moment", "OutputDocument", "Problem", "moment"]

Moment = Annotated[datetime, Field(description="RFC 3339, UTC")]


def moment(epoch_s: float | None) -> datetime | None:
    """Return seconds since the epoch as a UTC time, milliseconds kept; None stays None."""
    return None if epoch_s is None else datetime.fromtimestamp(round(epoch_s, 3), UTC)


class Document(BaseModel):
    """Base of all documents: frozen; readers ignore fields they do not know."""

    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())


class InputDocument(InputInfo):
    """The uploaded image; sizes as stored in its file, before EXIF rotation."""

    downsampled_to: tuple[int, int] | None = Field(
        None, description="width, height of the image as computed, when it was too large"
    )
    warnings: Warnings = ()


class OutputDocument(Document):
    """One file of a finished job."""

    url: str = Field(description="where to get the bytes; may answer with a redirect")
    media_type: str
    width: int | None = None
    height: int | None = None
    bytes: int
    sha256: str


class JobLinks(Document):
    """Where to go from here. `cancel` is called with DELETE."""

    self: str
    outputs: dict[str, str] = Field(description="output name → its URL, valid once succeeded")
    events: str
    cancel: str


class JobDocument(Document):
    """A job as clients see it."""

    id: JobId
    state: JobState
    terminal: bool = Field(description="whether nothing will change any more")
    created_at: Moment
    started_at: Moment | None = None
    finished_at: Moment | None = None
    expires_at: Moment = Field(description="when input and results are removed")
    attempt: int = Field(description="how often a worker has taken the job")
    options: JobOptions
    input: InputDocument
    model: ModelInfo | None = None
    depth: DepthInfo | None = None
    outputs: dict[str, OutputDocument] = {}
    timings: Timings | None = None
    error: JobError | None = None
    links: JobLinks
    position: int | None = Field(None, description="while queued: jobs ahead of this one")
    eta_s: float | None = Field(None, description="while queued: estimated seconds until done")


class FieldProblem(Document):
    """What is wrong with one field of a request."""

    field: str
    message: str


class Problem(Document):
    """An error, as RFC 9457 problem details (`application/problem+json`)."""

    type: str = Field(description="`urn:depthq:error:<code>`")
    title: str
    status: int
    detail: str
    code: str = Field(description="stable; see docs/api.md")
    retryable: bool = Field(description="whether the same request may succeed later")
    instance: str = Field(description="path of the request")
    request_id: str = Field(description="also in the X-Request-Id header and in the logs")
    errors: list[FieldProblem] = Field(
        [], description="which fields are wrong, if it is about fields"
    )


class ServedModel(Document):
    """A model that live workers serve."""

    name: str
    weights_id: str | None = None
    engine: str
    precision: str
    workers: int
    images_per_s: float = Field(description="measured, summed over the workers")
    memory_bytes: int = Field(0, description="by which a worker grew when it loaded it, at most")
    lanes: list[str] = Field([], description="`interactive`: jobs, `bulk`: datasets")
    served_by: list[str] = Field([], description="names of the workers")


class InputRuleDocument(Document):
    """How large the network sees an image; see docs/models.md."""

    side_px: int
    rule: str = Field(description="`upper_bound`, `lower_bound`, `minimal` or `exact`")
    multiple_px: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


class DeclaredModel(Document):
    """A model that jobs may name, whether or not it is served now."""

    name: str
    aliases: list[str] = []
    line: dict[str, str] = Field(description="what it is good for, by language (`en`, `zh`)")
    licence: str = Field(description="of its published weights")
    weights_id: str = Field("", description="of its published weights; jobs name those that ran")
    input: InputRuleDocument
    gflop: float = Field(description="per image; 0: not known")
    parameters: int = Field(description="0: not known")
    served: bool = Field(description="whether jobs by it are worked on now")


class ModelsDocument(Document):
    """What computes the depth at present; `models` is empty when no worker is up."""

    default: str = Field(description="the model of jobs that name none")
    models: list[ServedModel]
    known: list[DeclaredModel] = Field([], description="what a job may name")


class CheckDocument(Document):
    """Whether one of the service's dependencies works."""

    ok: bool
    detail: str = ""


class WorkerDocument(Document):
    """A live worker."""

    name: str
    lane: str
    ready: bool
    draining: bool
    engine: str
    precision: str
    model: str = Field(description="the first that it holds")
    weights_id: str
    images_per_s: float
    models: list[str] = Field([], description="all that it holds")
    busy: int
    slots: int


class ReadinessDocument(Document):
    """Whether jobs are accepted (`ready`), and who would work on them."""

    ready: bool
    checks: dict[str, CheckDocument]
    workers: list[WorkerDocument]


class HealthDocument(Document):
    """The process answers."""

    status: str


class VersionDocument(Document):
    """What is running."""

    name: str
    version: str
    api: str


class SourceUrl(BaseModel):
    """Where the service shall fetch the image."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: Annotated[str, Field(max_length=2000, pattern=URL_PATTERN)]


class CreateJobFromUrl(JobOptions):
    """The JSON way to submit a job: a source and the options beside it."""

    source: SourceUrl


def options_of(request: CreateJobFromUrl) -> JobOptions:
    """Return the options alone."""
    values: dict[str, Any] = {
        name: getattr(request, name) for name in request.model_fields_set - {"source"}
    }
    return JobOptions(**values)
