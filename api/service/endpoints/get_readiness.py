"""`GET /readyz`: whether jobs can be accepted, and who would work on them."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response

from api.answers.blueprint import SERVICE, document, root
from api.services import Services, services
from contract.documents import CheckDocument, ReadinessDocument, WorkerDocument
from contract.errors import StorageUnavailable
from contract.names.queues import Lane


@root.get(
    "/readyz",
    tags=[SERVICE],
    operation_id="get_readiness",
    summary="Ask whether jobs are accepted",
    responses={200: ReadinessDocument, 503: ReadinessDocument},
)
def get_readiness() -> Response:
    """Answer 200 when Redis, broker and object store serve and have room, else 503.

    Each is reached as jobs reach it; in the store a small object is put, got and deleted.

    Live workers are listed but not required: a job accepted without one is kept and done later.
    """
    parts = services()
    checks = {
        "redis": _check(lambda: parts.jobs.backlog(Lane.INTERACTIVE)),
        "storage": _check(parts.objects.check),
        "room": _check(parts.capacity.check_disk),
    }
    redis = checks["redis"]
    checks["broker"] = _check(parts.dispatch.check) if redis.ok else redis
    ready = all(check.ok for check in checks.values())
    workers = _workers(parts) if checks["redis"].ok else []
    answer = ReadinessDocument(ready=ready, checks=checks, workers=workers)
    return document(answer, 200 if ready else 503, {"Cache-Control": "no-store"})


def _check(look: Callable[[], object]) -> CheckDocument:
    try:
        look()
    except StorageUnavailable as exc:
        return CheckDocument(ok=False, detail=exc.message)
    return CheckDocument(ok=True)


def _workers(parts: Services) -> list[WorkerDocument]:
    return [
        WorkerDocument(
            **worker.model_dump(exclude={"models"}), models=[held.name for held in worker.held()]
        )
        for worker in parts.workers.live()
    ]
