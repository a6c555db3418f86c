"""`GET /v1/datasets/{id}/results`: how every item ended, as JSON lines."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Response

from api.answers.blueprint import DATASETS, problems, v1
from api.callers.auth import caller
from api.datasets.documents import item_document
from api.receiving.parameters import DatasetPath
from api.runs.find import own_run
from api.services import Services, services
from contract.errors import NotFound, Overloaded
from contract.ids import DATASET
from contract.runs import RunRecord
from storage.runs.files import LINES

RETRY_S = 5


@v1.get(
    "/datasets/<string:dataset_id>/results",
    tags=[DATASETS],
    operation_id="get_dataset_results",
    summary="Read the results",
    responses={
        200: {
            "description": "One ItemDocument per line, in the order of the source",
            "content": {LINES: {"schema": {"type": "string"}}},
        },
        **problems(401, 404, 409, 429),
    },
)
def get_dataset_results(path: DatasetPath) -> Response:
    """Stream the results of the shards that have ended, each item once, as it ended last."""
    parts = services()
    record, _ = own_run(parts, DATASET, path.dataset_id)
    holder = caller()
    if not parts.waits.try_take(holder):  # the thread goes as slowly as the client reads
        raise Overloaded("Too many of your requests are under way; come back later.", RETRY_S)
    headers = {"Cache-Control": "no-store"}
    response = Response(_lines(parts, record), content_type=LINES, headers=headers)
    response.call_on_close(lambda: parts.waits.give_back(holder))
    return response


def _lines(parts: Services, record: RunRecord) -> Iterator[bytes]:
    """Yield a shard's lines at a time; the memory is that of a shard and of the ids retried.

    Raises NotFound, which breaks the answer off, if the dataset is deleted meanwhile: its shards
    vanish from the listing then, and what has come would look whole.
    """
    latest = _latest(parts, record)
    for number in parts.files.result_numbers(record.id):
        results = parts.files.results(record.id, number)
        current = [one for one in results if one.round == latest.get(one.id, 0)]
        documents = (item_document(parts, record.request, one) for one in current)
        lines = (one.model_dump_json(exclude_defaults=True) for one in documents)
        yield "".join(f"{line}\n" for line in lines).encode()
    if parts.files.request(record.id) is None:  # a deletion removes it before all else
        raise NotFound("The dataset was deleted while its results were read.")


def _latest(parts: Services, record: RunRecord) -> dict[str, int]:
    """Return the last round in which each retried item has ended."""
    plan = parts.files.plan(record.id)
    if not plan.rounds or record.round == 0:
        return {}
    latest: dict[str, int] = {}
    for number in parts.files.result_numbers(record.id, plan.rounds[0].shards):
        try:
            results = parts.files.results(record.id, number)
        except NotFound:
            continue
        for one in results:
            latest[one.id] = max(one.round, latest.get(one.id, 0))
    return latest
