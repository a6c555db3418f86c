"""`DELETE /v1/datasets/{id}`: removes all that an ended dataset has in our bucket."""

from __future__ import annotations

from flask import Response

from api.answers.blueprint import DATASETS, problems, v1
from api.receiving.parameters import DatasetPath
from api.runs.commands import remove_files, remove_run
from api.runs.find import own_dry_run, own_run
from api.services import services
from contract.ids import DATASET


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
    dry_run = own_dry_run(parts, DATASET, path.dataset_id)
    if dry_run is not None:
        remove_files(parts, dry_run.id)
    else:
        remove_run(parts, own_run(parts, DATASET, path.dataset_id)[0])
    return Response(status=204)
