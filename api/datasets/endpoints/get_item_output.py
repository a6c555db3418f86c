"""`GET /v1/datasets/{id}/items/{item}/outputs/{name}`: one output of one item."""

from __future__ import annotations

import re

from werkzeug.wrappers import Response as AnyResponse

from api.answers.blueprint import DATASETS, problems, v1
from api.answers.serving import file_responses, serve
from api.datasets.places import outputs_place
from api.receiving.parameters import ItemOutputPath
from api.runs.find import own_run
from api.services import services
from contract.errors import Conflict, NotFound
from contract.ids import DATASET
from contract.outputs.registry import file_types, output_of

_ITEM = re.compile(r"[0-9a-f]{32}")


@v1.get(
    "/datasets/<string:dataset_id>/items/<string:item_id>/outputs/<string:name>",
    tags=[DATASETS],
    operation_id="get_item_output",
    summary="Fetch an item's result",
    responses={
        **file_responses(*sorted({file.media_type for file in file_types()})),
        **problems(401, 404, 409, 416),
    },
)
def get_item_output(path: ItemOutputPath) -> AnyResponse:
    """Answer the file, or redirect to a presigned URL if the store has such."""
    parts = services()
    record, _ = own_run(parts, DATASET, path.dataset_id)
    spec = record.request.spec
    absent = NotFound(f"The item has no output {path.name[:60]!r}, or not yet.")
    if path.name not in spec.options.outputs or not _ITEM.fullmatch(path.item_id):
        raise absent
    if spec.layout != "files":
        raise NotFound("The outputs of this dataset are in its tars; its results name them.")
    kind = output_of(path.name).file_type(spec.options)
    store, prefix = outputs_place(parts, record.request)
    key = f"{prefix}/{path.item_id}/{path.name}.{kind.extension}".lstrip("/")
    filename = f"{path.item_id}.{path.name}.{kind.extension}"
    try:
        return serve(store, key, filename, kind.media_type, parts.settings.presign_expires_s)
    except NotFound as exc:
        if not record.state.terminal:
            raise Conflict(f"The dataset is {record.state.value}; it is not there yet.") from exc
        raise absent from exc
