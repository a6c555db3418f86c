"""`GET /v1/models`: what computes the depth at present."""

from __future__ import annotations

from collections import defaultdict

from flask import Response

from api.answers.blueprint import SERVICE, document, problems, v1
from api.services import services
from contract.documents import ModelsDocument, ServedModel
from contract.models.declaration import DEFAULT_MODEL
from storage.fleet.workers import HeldInfo


@v1.get(
    "/models",
    tags=[SERVICE],
    operation_id="list_models",
    summary="See which models are served",
    responses={200: ModelsDocument, **problems(401)},
)
def list_models() -> Response:
    """Answer the models that live workers have loaded, with their measured throughput."""
    parts = services()
    groups: dict[tuple[str, str, str, str], list[HeldInfo]] = defaultdict(list)
    for worker in parts.capacity.workers():
        for held in worker.held() if worker.ready else ():
            key = (held.name, held.weights_id, held.engine, held.precision)
            groups[key].append(held)
    models = [
        ServedModel(
            name=model,
            weights_id=weights_id,
            engine=engine,
            precision=precision,
            workers=len(group),
            images_per_s=round(sum(held.images_per_s for held in group), 3),
        )
        for (model, weights_id, engine, precision), group in sorted(groups.items())
    ]
    return document(ModelsDocument(default=DEFAULT_MODEL, models=models))
