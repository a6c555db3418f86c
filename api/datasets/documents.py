"""Builds the documents of datasets that clients read."""

from __future__ import annotations

from api.datasets.poll import Found
from api.services import Services
from contract.dataset_documents import (
    CountsDocument,
    DatasetDocument,
    DatasetLinks,
    ItemDocument,
    ItemOutputDocument,
    ShardsDocument,
    SummaryDocument,
)
from contract.datasets import DatasetRecord, DatasetRequest, DatasetSummary
from contract.documents import moment
from contract.items import ItemFile, ItemResult
from contract.names.object_keys import DATASET_ERRORS, DATASET_INDEX, DATASET_SUMMARY
from contract.states import DatasetState

OWN_FILES = (DATASET_SUMMARY, DATASET_ERRORS, DATASET_INDEX)


def dataset_etag(record: DatasetRecord) -> str:
    """Return the weak ETag of the dataset's document; rate and estimates may differ under it."""
    return f'W/"{record.version}-{record.in_flight}-{record.state.value}"'


def dataset_path(parts: Services, dataset_id: str) -> str:
    """Return the dataset's URL, relative to the host unless a public URL is set."""
    return f"{(parts.settings.public_url or '').rstrip('/')}/v1/datasets/{dataset_id}"


def dataset_document(parts: Services, found: Found) -> DatasetDocument:
    """Return the document. Raises StorageUnavailable (the summary of one that has ended)."""
    record, progress = found
    spec = record.request.spec
    created_at = moment(record.request.created_at)
    assert created_at is not None  # noqa: S101 - for mypy
    return DatasetDocument(
        id=record.id,
        name=spec.name,
        state=record.state,
        terminal=record.state.terminal,
        created_at=created_at,
        started_at=moment(record.started_at),
        finished_at=moment(record.finished_at),
        source=spec.prefix or spec.manifest or "archive",
        spec=spec,
        counts=_counts(record),
        shards=ShardsDocument(
            total=record.shards_total, done=record.shards_done, planned=record.planned
        ),
        round=record.round,
        retry_codes=list(record.retry_codes),
        images_per_s=progress.rate,
        eta_p50_s=progress.eta_p50_s,
        eta_p90_s=progress.eta_p90_s,
        depth_range=record.depth_range,
        left_out=record.left_out,
        summary=_summary(parts, record),
        error=record.error,
        links=_links(dataset_path(parts, record.id)),
    )


def _counts(record: DatasetRecord) -> CountsDocument:
    counts = record.counts
    return CountsDocument(**counts.model_dump(), done=counts.done, in_flight=record.in_flight)


def _summary(parts: Services, record: DatasetRecord) -> SummaryDocument | None:
    if record.state not in (DatasetState.COMPLETED, DatasetState.CANCELED):
        return None
    summary: DatasetSummary | None = parts.files.summary(record.id)
    if summary is None or summary.round != record.round:
        return None  # a canceled dataset, until its summary is written
    return SummaryDocument.model_validate(summary.model_dump())


def _links(here: str) -> DatasetLinks:
    return DatasetLinks(
        self=here,
        events=f"{here}/events",
        errors=f"{here}/errors",
        results=f"{here}/results",
        retry=f"{here}/retry",
        cancel=f"{here}/cancel",
        files={name: f"{here}/files/{name}" for name in OWN_FILES},
    )


def item_document(parts: Services, request: DatasetRequest, result: ItemResult) -> ItemDocument:
    """Return one result with the URLs of its files."""
    here = dataset_path(parts, request.id)
    outputs = {name: _output(here, result.id, name, file) for name, file in result.outputs.items()}
    fields = result.model_dump(exclude={"outputs", "worker"})
    return ItemDocument(outputs=outputs, **fields)


def _output(here: str, item_id: str, name: str, file: ItemFile) -> ItemOutputDocument:
    own = f"items/{item_id}/outputs/{name}"
    place = f"files/{file.key.rpartition('/')[2]}" if file.member else own
    return ItemOutputDocument(url=f"{here}/{place}", **file.model_dump())
