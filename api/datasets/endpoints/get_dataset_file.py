"""`GET /v1/datasets/{id}/files/{name}`: the summary, errors, index, or a tar of outputs."""

from __future__ import annotations

import re

from werkzeug.wrappers import Response as AnyResponse

from api.answers.blueprint import DATASETS, problems, v1
from api.answers.serving import file_responses, serve
from api.datasets.documents import OWN_FILES
from api.datasets.places import outputs_place
from api.receiving.parameters import DatasetFilePath
from api.runs.find import own_run
from api.services import services
from contract.errors import Conflict, NotFound
from contract.ids import DATASET
from contract.names.object_keys import run_object

_TYPES = {
    "json": "application/json",
    "jsonl": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
    "tar": "application/x-tar",
}
_TAR = re.compile(r"\d{6,9}\.tar")


@v1.get(
    "/datasets/<string:dataset_id>/files/<string:name>",
    tags=[DATASETS],
    operation_id="get_dataset_file",
    summary="Fetch one of a dataset's files",
    responses={**file_responses(*_TYPES.values()), **problems(401, 404, 409, 416)},
)
def get_dataset_file(path: DatasetFilePath) -> AnyResponse:
    """Answer the file, or redirect to a presigned URL if the store has such."""
    parts = services()
    record, _ = own_run(parts, DATASET, path.dataset_id)
    if path.name in OWN_FILES:
        store, key = parts.objects, run_object(record.id, path.name)
    elif _TAR.fullmatch(path.name) and record.request.spec.layout == "webdataset":
        store, prefix = outputs_place(parts, record.request)
        key = f"{prefix}/{path.name}".lstrip("/")
    else:
        raise NotFound(f"The dataset has no file {path.name[:60]!r}.")
    media_type = _TYPES[path.name.rpartition(".")[2]]
    try:
        name = f"{record.id}.{path.name}"
        return serve(store, key, name, media_type, parts.settings.presign_expires_s)
    except NotFound as exc:
        if not record.state.terminal:
            raise Conflict(f"The dataset is {record.state.value}; its files come later.") from exc
        raise NotFound(f"The dataset has no {path.name}, or not yet.") from exc
