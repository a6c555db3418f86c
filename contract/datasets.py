"""What crosses a wall about a dataset: its request, items, results and summary. Frozen, JSON.

A dataset is planned into numbered shards of items. Shards and results rest in object storage; Redis
holds only counters and a bitmap of finished shards, so its memory does not grow with the items.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from contract.jobs import JobError, JobId, Timings
from contract.options import JobOptions
from contract.states import DatasetState

S3Uri = Annotated[str, StringConstraints(pattern=r"^s3://[a-z0-9.\-]{3,63}(/.*)?$", max_length=1_500)]
Layout = Literal["files", "webdataset"]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class DatasetSpec(BaseModel):
    """What a client asks for. Exactly one source: `prefix`, `manifest`, or an uploaded archive."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prefix: S3Uri | None = Field(None, description="every image below this bucket prefix")
    manifest: S3Uri | None = Field(None, description="JSONL, CSV or Parquet, gzip allowed; `uri` per row")
    options: JobOptions = JobOptions()
    include: tuple[str, ...] = Field((), description="globs on the key; empty: every image suffix")
    exclude: tuple[str, ...] = ()
    shard_size: int | None = Field(None, ge=1, le=10_000, description="default: about 30 s of work")
    output_prefix: S3Uri | None = Field(None, description="default: inside the service's bucket")
    layout: Layout = "files"
    on_existing: Literal["skip", "overwrite"] = "skip"
    normalize: Literal["image", "dataset"] = Field(
        "image", description="range of the heat maps: each its own, or one for all"
    )
    name: Annotated[str, StringConstraints(max_length=200)] | None = None
    webhook_url: Annotated[str, StringConstraints(max_length=500, pattern=r"^https?://[!-~]+$")] | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if self.prefix and self.manifest:
            raise ValueError("give either prefix or manifest, not both")
        if self.options.webhook_url or self.options.deadline_s:
            raise ValueError("webhook_url and deadline_s are options of single jobs")
        return self


class DatasetRequest(_Value):
    """`dataset.json`: all that is needed to run the dataset again."""

    v: Literal[1] = 1
    id: JobId
    created_at: float
    spec: DatasetSpec
    archive: str | None = Field(None, description="object key of an uploaded zip or tar")
    owner: str | None = None


class Item(_Value):
    """One image of a dataset: a line of `shards/NNNNNN.jsonl`."""

    id: str
    uri: str
    etag: str = ""
    custom_id: str | None = None
    extra: dict[str, Any] = Field({}, description="the manifest's other fields, carried through")


class ItemFile(_Value):
    """One file made for an item."""

    key: str
    bytes: int
    sha256: str


class ItemResult(_Value):
    """How an item ended: a line of `results/NNNNNN.jsonl`."""

    id: str
    uri: str
    custom_id: str | None = None
    state: Literal["succeeded", "failed", "skipped"]
    error: JobError | None = None
    width: int | None = None
    height: int | None = None
    depth_min: float | None = None
    depth_max: float | None = None
    outputs: dict[str, ItemFile] = {}
    timings: Timings | None = None
    extra: dict[str, Any] = {}
    worker: str = ""
    round: int = Field(0, description="0: the first run; n: the n-th retry")


class Counts(_Value):
    """Items by their end; `failed` is the sum of `by_code`."""

    total: int = 0
    succeeded: int = 0
    failed: int = 0
    skipped: int = 0
    by_code: dict[str, int] = {}

    @property
    def done(self) -> int:
        """Items that have ended."""
        return self.succeeded + self.failed + self.skipped


class DatasetRecord(_Value):
    """A dataset as the ledger in Redis holds it."""

    request: DatasetRequest
    state: DatasetState = DatasetState.QUEUED
    version: int = 0
    planned: bool = Field(False, description="every shard is written; `shards_total` is final")
    shards_total: int = 0
    shards_done: int = 0
    counts: Counts = Counts()
    round: int = 0
    started_at: float | None = None
    finished_at: float | None = None
    depth_range: tuple[float, float] | None = Field(None, description="for normalize: dataset")
    error: JobError | None = None

    @property
    def id(self) -> str:
        """The dataset's id."""
        return self.request.id


def item_id(uri: str, etag: str, options: JobOptions, weights_id: str) -> str:
    """Return the item's id, 32 hex digits: the same image, options and weights give the same id."""
    words = "\n".join((uri, etag, options.model_dump_json(), weights_id))
    return hashlib.sha256(words.encode()).hexdigest()[:32]
