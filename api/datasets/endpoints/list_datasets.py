"""`GET /v1/datasets`: the caller's datasets, newest first."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator

from flask import Response

from api.answers.blueprint import DATASETS, document, problems, v1
from api.callers.auth import owner
from api.datasets.documents import dataset_document
from api.datasets.poll import Found, find_dataset, is_own
from api.receiving.parameters import PageQuery
from api.services import Services, services
from contract.dataset_documents import DatasetDocument, DatasetsDocument
from contract.errors import InvalidRequest
from contract.names.object_keys import dataset_list_prefix

log = logging.getLogger(__name__)

_CURSOR = re.compile(r"\d{13}_[0-9]{8}-[a-z2-7]{26}")


@v1.get(
    "/datasets",
    tags=[DATASETS],
    operation_id="list_datasets",
    summary="See your datasets",
    responses={200: DatasetsDocument, **problems(400, 401)},
)
def list_datasets(query: PageQuery) -> Response:
    """Answer a page of the datasets made with the same key, newest first."""
    parts = services()
    if query.cursor and not _CURSOR.fullmatch(query.cursor):
        raise InvalidRequest("cursor is not one that this service gave")
    page: dict[str, DatasetDocument] = {}  # two senders of one key may have made two entries
    last, more = query.cursor, False
    for entry in _entries(parts, query.cursor):
        if len(page) == query.limit:
            more = True
            break
        last = entry
        found = _found(parts, entry.partition("_")[2])
        if found is not None and is_own(parts, found[0].request):
            page[found[0].id] = dataset_document(parts, found)
    answer = DatasetsDocument(datasets=list(page.values()), next_cursor=last if more else None)
    return document(answer, headers={"Cache-Control": "no-store"})


def _found(parts: Services, dataset_id: str) -> Found | None:
    try:
        return find_dataset(parts, dataset_id)
    except ValueError:  # one that cannot be read shall not hide the others
        log.warning("unreadable", extra={"action": "list", "dataset_id": dataset_id})
        return None


def _entries(parts: Services, cursor: str) -> Iterator[str]:
    folder = dataset_list_prefix(owner())
    for info in parts.objects.list(folder, start_after=folder + cursor if cursor else ""):
        entry = info.key.removeprefix(folder)
        if _CURSOR.fullmatch(entry):  # names of others are passed over
            yield entry
