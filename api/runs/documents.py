"""The parts of a run's document that are the same for every kind."""

from __future__ import annotations

from api.services import Services
from contract.dataset_documents import CountsDocument, ShardsDocument, SummaryDocument
from contract.ids import kind_of
from contract.runs import RunRecord, RunSummary
from contract.states import DatasetState


def run_etag(record: RunRecord) -> str:
    """Return the weak ETag of the run's document; rate and estimates may differ under it."""
    return f'W/"{record.version}-{record.in_flight}-{record.state.value}"'


def run_path(parts: Services, run_id: str) -> str:
    """Return the run's URL, relative to the host unless a public URL is set."""
    return f"{(parts.settings.public_url or '').rstrip('/')}/v1/{kind_of(run_id)}s/{run_id}"


def counts_document(record: RunRecord) -> CountsDocument:
    """Return its items by their end."""
    counts = record.counts
    return CountsDocument(**counts.model_dump(), done=counts.done, in_flight=record.in_flight)


def shards_document(record: RunRecord) -> ShardsDocument:
    """Return its shards."""
    return ShardsDocument(
        total=record.shards_total, done=record.shards_done, planned=record.planned
    )


def summary_document(parts: Services, record: RunRecord) -> SummaryDocument | None:
    """Return the summary of a run that has ended; raises StorageUnavailable."""
    if record.state not in (DatasetState.COMPLETED, DatasetState.CANCELED):
        return None
    summary: RunSummary | None = parts.files.summary(record.id)
    if summary is None or summary.round != record.round:
        return None  # a canceled run, until its summary is written
    return SummaryDocument.model_validate(summary.model_dump())
