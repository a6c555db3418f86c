"""Builds the documents of datasets that clients read."""

from __future__ import annotations

from api.runs.documents import (
    counts_document,
    run_path,
    shards_document,
    summary_document,
)
from api.runs.find import Found
from api.services import Services
from contract.dataset_documents import (
    DatasetDocument,
    DatasetLinks,
    ItemDocument,
    ItemOutputDocument,
)
from contract.documents import moment
from contract.items import ItemFile, ItemResult
from contract.names.object_keys import RUN_ERRORS, RUN_INDEX, RUN_SUMMARY
from contract.runs import RunRequest

OWN_FILES = (RUN_SUMMARY, RUN_ERRORS, RUN_INDEX)


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
        counts=counts_document(record),
        shards=shards_document(record),
        round=record.round,
        retry_codes=list(record.retry_codes),
        images_per_s=progress.rate,
        eta_p50_s=progress.eta_p50_s,
        eta_p90_s=progress.eta_p90_s,
        depth_range=record.depth_range,
        left_out=record.left_out,
        summary=summary_document(parts, record),
        error=record.error,
        links=_links(run_path(parts, record.id)),
    )


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


def item_document(parts: Services, request: RunRequest, result: ItemResult) -> ItemDocument:
    """Return one result with the URLs of its files."""
    here = run_path(parts, request.id)
    outputs = {name: _output(here, result.id, name, file) for name, file in result.outputs.items()}
    fields = result.model_dump(exclude={"outputs", "worker"})
    return ItemDocument(outputs=outputs, **fields)


def _output(here: str, item_id: str, name: str, file: ItemFile) -> ItemOutputDocument:
    own = f"items/{item_id}/outputs/{name}"
    place = f"files/{file.key.rpartition('/')[2]}" if file.member else own
    return ItemOutputDocument(url=f"{here}/{place}", **file.model_dump())
