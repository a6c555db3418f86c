"""`DELETE /v1/datasets/{id}`: removes all that an ended dataset has in our bucket."""

from __future__ import annotations

from itertools import islice

from flask import Response

from api.answers.blueprint import DATASETS, problems, v1
from api.datasets.poll import own_dataset, own_dry_run
from api.receiving.parameters import DatasetPath
from api.services import Services, services
from contract.datasets import DatasetRecord
from contract.errors import Conflict
from contract.names.object_keys import (
    DATASET_REQUEST,
    dataset_list_object,
    dataset_object,
    dataset_prefix,
)
from contract.states import DatasetState

_BATCH = 1000  # objects; there may be millions


@v1.delete(
    "/datasets/<string:dataset_id>",
    tags=[DATASETS],
    operation_id="delete_dataset",
    summary="Remove a dataset",
    responses={204: {"description": "Gone"}, **problems(401, 404, 409)},
)
def delete_dataset(path: DatasetPath) -> Response:
    """Remove its files and its record. What it wrote below an `output_prefix` stays.

    A dry run can be removed too, at any time.
    """
    parts = services()
    dry_run = own_dry_run(parts, path.dataset_id)
    if dry_run is not None:
        _remove_files(parts, dry_run.id)
        return Response(status=204)
    record, _ = own_dataset(parts, path.dataset_id)
    remove_run(parts, record)
    return Response(status=204)


def remove_run(parts: Services, record: DatasetRecord) -> None:
    """Remove an ended run of any kind. Raises Conflict while workers may still write."""
    _check(parts, record)
    _remove_files(parts, record.id)
    entry = dataset_list_object(record.request.owner, record.request.created_at, record.id)
    parts.objects.delete([entry])
    # The record goes last: while it is there, the deletion can be asked for again.
    parts.datasets.delete(record.id)


def _remove_files(parts: Services, dataset_id: str) -> None:
    # The request goes first: without it nothing can be rebuilt, so a deletion cut short stays one.
    parts.objects.delete([dataset_object(dataset_id, DATASET_REQUEST)])
    keys = (info.key for info in parts.objects.list(dataset_prefix(dataset_id)))
    while batch := list(islice(keys, _BATCH)):
        parts.objects.delete(batch)


def _check(parts: Services, record: DatasetRecord) -> None:
    """Raise Conflict while workers may still write."""
    if not record.state.terminal:
        raise Conflict(f"The dataset is {record.state.value}; cancel it first.")
    if record.state is DatasetState.CANCELED and parts.files.summary(record.id) is None:
        raise Conflict("The dataset is being wound up; try again in a few seconds.")
