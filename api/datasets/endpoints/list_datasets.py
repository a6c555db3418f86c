"""`GET /v1/datasets`: the caller's datasets, newest first."""

from __future__ import annotations

from flask import Response

from api.answers.blueprint import DATASETS, document, problems, v1
from api.datasets.documents import dataset_document
from api.receiving.parameters import PageQuery
from api.runs.listing import page
from api.services import services
from contract.dataset_documents import DatasetsDocument
from contract.ids import DATASET


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
    found, after = page(parts, DATASET, query.cursor, query.limit)
    documents = [dataset_document(parts, run) for run in found]
    answer = DatasetsDocument(datasets=documents, next_cursor=after)
    return document(answer, headers={"Cache-Control": "no-store"})
