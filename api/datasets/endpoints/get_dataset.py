"""`GET /v1/datasets/{id}`: where a dataset stands, now or when it has ended."""

from __future__ import annotations

from flask import Response, request

from api.answers.blueprint import DATASETS, document, problems, v1
from api.datasets.documents import dataset_document
from api.receiving.parameters import DatasetPath, WaitQuery
from api.runs.documents import run_etag
from api.runs.find import Found, ended, own_run, wait_for_run
from api.services import services
from contract.dataset_documents import DatasetDocument
from contract.ids import DATASET


@v1.get(
    "/datasets/<string:dataset_id>",
    tags=[DATASETS],
    operation_id="get_dataset",
    summary="See where a dataset stands",
    responses={
        200: DatasetDocument, 304: {"description": "Not changed"}, **problems(400, 401, 404, 409),
    },
)  # fmt: skip
def get_dataset(path: DatasetPath, query: WaitQuery) -> Response:
    """Answer the document: counts, rate, estimates; with `wait`, hold it until the end.

    With `If-None-Match`, 304 if it is as it was; then `wait` holds until it has changed.
    """
    parts = services()
    found = own_run(parts, DATASET, path.dataset_id)
    seen = request.if_none_match

    def changed(current: Found) -> bool:
        return not seen.contains_weak(run_etag(current[0])[3:-1])

    found = wait_for_run(parts, found, changed if seen else ended, query.wait)
    headers = {"ETag": run_etag(found[0]), "Cache-Control": "no-cache"}
    if seen and not changed(found):
        return Response(status=304, headers=headers)
    return document(dataset_document(parts, found), headers=headers)
