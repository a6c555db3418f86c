"""What the HTTP API answers about datasets. Times are RFC 3339 in UTC."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from contract.documents import Document, Moment
from contract.jobs import JobError, JobId, Timings, Warnings
from contract.runs import DatasetSpec, Forecast
from contract.states import DatasetState


class DatasetLinks(Document):
    """Where to go from here. `retry` and `cancel` are called with POST."""

    self: str
    events: str
    errors: str
    results: str = Field(description="every result as JSON lines, with the URLs of its files")
    retry: str
    cancel: str
    files: dict[str, str] = Field(
        description="`summary.json`, `errors.jsonl` and `index.parquet` → URL, valid once it ended"
    )


class ShardsDocument(Document):
    """The pieces that workers take."""

    total: int
    done: int
    planned: bool = Field(description="whether `total` and `counts.total` are final")


class CountsDocument(Document):
    """Items by their end; `failed` is the sum of `by_code`."""

    total: int
    succeeded: int
    failed: int
    skipped: int
    by_code: dict[str, int]
    done: int = Field(description="succeeded, failed or skipped, and counted")
    in_flight: int = Field(description="ended too, in shards that have not")


class SummaryDocument(Document):
    """The final counts, from the results in storage."""

    input_bytes: int
    output_bytes: int
    wall_s: float
    cpu_s: float
    images_per_s: float
    workers: list[str]


class DatasetDocument(Document):
    """A dataset as clients see it."""

    id: JobId
    name: str | None = None
    state: DatasetState
    terminal: bool = Field(description="whether nothing will change any more, short of a retry")
    created_at: Moment
    started_at: Moment | None = None
    finished_at: Moment | None = None
    source: str = Field(description="the prefix, the manifest, or `archive`")
    spec: DatasetSpec
    counts: CountsDocument
    shards: ShardsDocument
    round: int = Field(description="0: the first run; n: the n-th retry")
    retry_codes: list[str] = Field([], description="of this round; empty: every code")
    images_per_s: float = Field(description="over the last minute; 0 when it has ended")
    eta_p50_s: float | None = Field(None, description="as likely sooner as later")
    eta_p90_s: float | None = Field(None, description="nine in ten chance to be done by then")
    depth_range: tuple[float, float] | None = Field(None, description="for normalize: dataset")
    left_out: dict[str, int] = Field(
        {},
        description="names in a prefix or archive that are no items, by suffix, `system files`, "
        "`links`; known once the shards are",
    )
    summary: SummaryDocument | None = Field(None, description="of the last round that ended")
    error: JobError | None = None
    links: DatasetLinks


class DatasetsDocument(Document):
    """One page of datasets, newest first."""

    datasets: list[DatasetDocument]
    next_cursor: str | None = Field(None, description="null: this was the last page")


class ItemOutputDocument(Document):
    """One file of an item."""

    url: str = Field(description="where to get the bytes; may answer with a redirect")
    key: str = Field(description="its object key, for those who may read the bucket")
    bytes: int
    sha256: str = Field(description="empty for files that were there before")
    member: str = Field("", description="its name in the tar at `url` (layout: webdataset)")


class ItemDocument(Document):
    """How an item ended: a line of the results."""

    id: str
    uri: str
    custom_id: str | None = None
    state: str
    error: JobError | None = None
    input_bytes: int = 0
    width: int | None = None
    height: int | None = None
    depth_min: float | None = None
    depth_max: float | None = None
    warnings: Warnings = ()
    model: str = Field("", description="what computed it; empty unless it was computed now")
    weights_id: str = ""
    outputs: dict[str, ItemOutputDocument] = Field({})
    timings: Timings | None = None
    extra: dict[str, Any] = Field({})
    round: int = 0


class DatasetErrorsDocument(Document):
    """One page of failures; it may be empty and still have a next one."""

    errors: list[ItemDocument]
    next_cursor: str | None = Field(None, description="null: this was the last page")


class ForecastDocument(Document):
    """A dry run: `forecast` is there once `done`."""

    id: JobId
    done: bool
    forecast: Forecast | None = None
    link: str = Field(description="where to ask again")


class RetryBody(BaseModel):
    """Which failures to run again; none named: all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    codes: list[str] = Field([], max_length=50)
