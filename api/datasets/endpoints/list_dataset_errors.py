"""`GET /v1/datasets/{id}/errors`: which items failed, and why."""

from __future__ import annotations

from flask import Response

from api.answers.blueprint import DATASETS, document, problems, v1
from api.datasets.documents import item_document
from api.receiving.parameters import DatasetPath, ErrorsQuery
from api.runs.find import own_run
from api.services import services
from contract.dataset_documents import DatasetErrorsDocument
from contract.ids import DATASET
from storage.runs.error_pages import errors_page


@v1.get(
    "/datasets/<string:dataset_id>/errors",
    tags=[DATASETS],
    operation_id="list_dataset_errors",
    summary="Page through the failures",
    responses={200: DatasetErrorsDocument, **problems(400, 401, 404, 409)},
)
def list_dataset_errors(path: DatasetPath, query: ErrorsQuery) -> Response:
    """Answer a page of failed items, while the dataset runs and after."""
    parts = services()
    record, _ = own_run(parts, DATASET, path.dataset_id)
    codes = [code.strip() for code in query.code.split(",") if code.strip()]
    page = errors_page(parts.files, record.id, cursor=query.cursor, limit=query.limit, codes=codes)
    errors = [item_document(parts, record.request, result) for result in page.items]
    answer = DatasetErrorsDocument(errors=errors, next_cursor=page.next_cursor)
    return document(answer, headers={"Cache-Control": "no-store"})
