"""`GET /v1/models`: what jobs may name as `model`, and what computes the depth at present."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict

from flask import Response

from api.answers.blueprint import SERVICE, document, problems, v1
from api.services import services
from contract.documents import DeclaredModel, InputRuleDocument, ModelsDocument, ServedModel
from contract.models.declaration import DEFAULT_MODEL, ModelSpec
from contract.names.queues import Lane
from storage.fleet.workers import HeldInfo, WorkerInfo

Group = list[tuple[WorkerInfo, HeldInfo]]


@v1.get(
    "/models",
    tags=[SERVICE],
    operation_id="list_models",
    summary="See which models there are, and which are served",
    responses={200: ModelsDocument, **problems(401)},
)
def list_models() -> Response:
    """Answer the known models, and those that live workers hold, with what was measured of them."""
    parts = services()
    groups: dict[tuple[str, str, str, str], Group] = defaultdict(list)
    for worker in parts.capacity.workers():
        for held in worker.held() if worker.ready else ():
            key = (held.name, held.weights_id, held.engine, held.precision)
            groups[key].append((worker, held))
    served = {*parts.models.served(Lane.INTERACTIVE)}
    known = [_declared(spec, served) for spec in parts.models.declared().values()]
    models = [_served(*key, group) for key, group in sorted(groups.items())]
    return document(ModelsDocument(default=DEFAULT_MODEL, models=models, known=known))


def _served(name: str, weights_id: str, engine: str, precision: str, group: Group) -> ServedModel:
    return ServedModel(
        name=name,
        weights_id=weights_id,
        engine=engine,
        precision=precision,
        workers=len(group),
        images_per_s=round(sum(held.images_per_s for _, held in group), 3),
        memory_bytes=max(held.memory_bytes for _, held in group),
        lanes=sorted({worker.lane.value for worker, _ in group}),
        served_by=sorted(worker.name for worker, _ in group),
    )


def _declared(spec: ModelSpec, served: set[str]) -> DeclaredModel:
    rule = asdict(spec.input)
    return DeclaredModel(
        name=spec.name,
        aliases=list(spec.aliases),
        line=dict(spec.line),
        licence=spec.licence,
        weights_id=spec.weights[0].weights_id if spec.weights else "",
        input=InputRuleDocument(**{n: rule[n] for n in InputRuleDocument.model_fields}),
        gflop=spec.cost.gflop,
        parameters=spec.cost.parameters,
        served=spec.name in served,
    )
