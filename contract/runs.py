"""A run's request, record, plan and summary, as processes exchange them. Frozen, JSON.

A run is planned into numbered shards of items. Shards and results are objects; Redis holds only
counters and a bitmap of finished shards, so its memory does not grow with the number of items.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from contract.ids import kind_of
from contract.jobs import JobError, RunId
from contract.options import JobOptions
from contract.states import DatasetState
from contract.values import Value

S3Uri = Annotated[
    str, StringConstraints(pattern=r"^s3://[a-z0-9.\-]{3,63}(/.*)?$", max_length=1_500)
]
RunName = Annotated[str, StringConstraints(max_length=200)]
RunWebhookUrl = Annotated[str, StringConstraints(max_length=500, pattern=r"^https?://[!-~]+$")]
Layout = Literal["files", "webdataset"]


class DatasetSpec(BaseModel):
    """What a client asks for. Exactly one source: `prefix`, `manifest`, or an uploaded archive."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prefix: S3Uri | None = Field(None, description="every image below this bucket prefix")
    manifest: S3Uri | None = Field(
        None, description="JSONL, CSV or Parquet, gzip allowed; `uri` per row"
    )
    options: JobOptions = JobOptions()
    include: tuple[str, ...] = Field((), description="globs on the key; empty: every image suffix")
    exclude: tuple[str, ...] = ()
    shard_size: int | None = Field(None, ge=1, le=10_000, description="default: about 30 s of work")
    output_prefix: S3Uri | None = Field(None, description="default: inside the service's bucket")
    layout: Layout = "files"
    on_existing: Literal["skip", "overwrite"] = "skip"
    normalize: Literal["image", "dataset"] = Field(
        "image",
        description="range of the heat maps and of 16-bit depth: each its own, or one for all, "
        "`depth_range`; what lies beyond that is cut off there, float depth is not",
    )
    name: RunName | None = None
    webhook_url: RunWebhookUrl | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.prefix and self.manifest:
            raise ValueError("give either prefix or manifest, not both")
        if self.options.webhook_url or self.options.deadline_s:
            raise ValueError("webhook_url and deadline_s are options of single jobs")
        return self


class RunRequest(Value):
    """`dataset.json`: all that is needed to run it again. A run of every kind has one."""

    v: Literal[1] = 1
    id: RunId
    created_at: float
    spec: DatasetSpec
    archive: str | None = Field(None, description="object key of an uploaded zip or tar")
    owner: str | None = None
    dry_run: bool = Field(False, description="only forecast: list, sample, run a few")
    wishes: dict[str, Any] = Field(
        {},
        exclude_if=lambda wishes: not wishes,
        description="what a kind other than `dataset` is asked for beyond `spec`; it validates it",
    )

    @property
    def kind(self) -> str:
        """The kind of run, which the id tells."""
        return kind_of(self.id)


class Counts(Value):
    """Items by their end; `failed` is the sum of `by_code`."""

    total: int = 0
    succeeded: int = 0
    failed: int = 0
    skipped: int = 0
    by_code: dict[str, int] = Field({})

    @property
    def done(self) -> int:
        """Items that have ended."""
        return self.succeeded + self.failed + self.skipped


class RunRecord(Value):
    """A run of any kind as the ledger in Redis holds it."""

    request: RunRequest
    state: DatasetState = DatasetState.QUEUED
    version: int = 0
    planned: bool = Field(False, description="every shard is written; `shards_total` is final")
    shards_total: int = 0
    shards_done: int = 0
    counts: Counts = Counts()
    in_flight: int = Field(0, description="items ended in shards that have not")
    round: int = Field(0, description="0: the first run; n: the n-th retry")
    retry_codes: tuple[str, ...] = Field((), description="of this round; empty: every code")
    cpu_s: float = Field(0.0, description="CPU time of the workers, over all rounds")
    started_at: float | None = None
    finished_at: float | None = None
    depth_range: tuple[float, float] | None = Field(None, description="for normalize: dataset")
    left_out: dict[str, int] = Field(
        {}, description="names in the source that are no items, by kind"
    )
    error: JobError | None = None

    @property
    def id(self) -> str:
        """The run's id."""
        return self.request.id

    @property
    def kind(self) -> str:
        """The kind of run, which the id tells."""
        return self.request.kind

    @property
    def items_left(self) -> int:
        """Items planned so far that have not ended."""
        return max(0, self.counts.total - self.counts.done - self.in_flight)


class Progress(Value):
    """A run's rate, from the last minute; None where there is no measurement."""

    rate: float = Field(0.0, description="items per second over the last minute")
    eta_p50_s: float | None = Field(None, description="as likely sooner as later")
    eta_p90_s: float | None = Field(None, description="nine in ten chance to be done by then")


class PlannedRound(Value):
    """The shards of one round: numbers from `first` on."""

    round: int
    first: int
    shards: int
    items: int
    codes: tuple[str, ...] = ()
    again: dict[str, int] = Field({}, description="code → failures that this round runs again")


class RunPlan(Value):
    """`plan.json`: written when all shards of a round are, and again for each retry."""

    v: Literal[1] = 1
    rounds: tuple[PlannedRound, ...]
    depth_range: tuple[float, float] | None = None
    left_out: dict[str, int] = Field({}, description="see RunRecord")

    @property
    def shards_total(self) -> int:
        """Shards of all rounds."""
        return sum(planned.shards for planned in self.rounds)

    @property
    def items(self) -> int:
        """Items of the run: those of the first round."""
        return self.rounds[0].items if self.rounds else 0


class RetryRequest(Value):
    """`retries/NNNNNN.json`: run the failed items again, those with one of `codes` if given."""

    round: int
    requested_at: float
    codes: tuple[str, ...] = ()


class RunSummary(Value):
    """`summary.json`: what came of it. Counts are counted from the results, not from Redis."""

    v: Literal[1] = 1
    id: RunId
    state: DatasetState
    round: int
    counts: Counts
    shards_total: int
    shards_done: int
    input_bytes: int
    output_bytes: int
    created_at: float
    started_at: float | None
    finished_at: float
    wall_s: float
    cpu_s: float
    images_per_s: float
    workers: tuple[str, ...]
    files: dict[str, str] = Field({}, description="errors, index, results → object key")


class Forecast(Value):
    """`forecast.json`: what a dry run found. Nothing was started."""

    id: RunId
    items: int
    complete: bool = Field(description="the whole source was listed; else `items` is a lower bound")
    input_bytes: int | None = Field(None, description="None: sizes are not known before reading")
    sampled: int
    sample_failed: int
    errors: dict[str, int] = Field({}, description="code → how many of the sample")
    images_per_s: float = Field(description="of one worker, from the sample")
    hours: dict[int, float] = Field({}, description="number of workers → hours")
    output_bytes: int | None = None
    error: JobError | None = Field(None, description="why the source would be refused")
