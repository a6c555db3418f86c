"""`python -m worker --lane interactive|bulk`: one worker process until SIGTERM."""

from __future__ import annotations

from runtime.loading import loaded

# isort: split
import argparse
import logging
import os
import sys
from typing import TYPE_CHECKING

from contract.errors import DepthqError, InvalidRequest
from contract.names.queues import Lane
from contract.settings import Settings
from contract.startup import WRONG_SETTINGS, settings_or_exit
from runtime.heaps import ARENAS, keep_few_heaps
from runtime.io_threads import keep_few_io_threads
from runtime.logs import configure_logging
from storage.ledger.connection import open_redis
from storage.ledger.health import warn_if_unsuitable
from worker.imaging.decoder import open_decoder
from worker.machine import cores_given

if TYPE_CHECKING:
    from worker.process.service import WorkerService

log = logging.getLogger("worker")

ONE_HEAP_CORES = 2  # so many share one heap: 16 MB less, no more CPU (docs/decisions/0146)
BULK_NICENESS = 19  # a large dataset must not slow single jobs


def main(argv: list[str] | None = None) -> int:
    """Run the worker; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m worker", description=__doc__)
    parser.add_argument("--lane", type=Lane, choices=list(Lane), default=Lane.INTERACTIVE)
    lane: Lane = parser.parse_args(argv).lane
    settings = settings_or_exit("worker")
    configure_logging(settings.log_format, settings.log_level)
    keep_few_heaps(1 if cores_given() <= ONE_HEAP_CORES else ARENAS)
    keep_few_io_threads()
    # OpenVINO's __init__ imports its converter of models, catches ImportError, and has no setting
    # that says not to. None in sys.modules is Python's documented way to make a module not
    # importable ("The module cache"). It saves up to a tenth of a second of CPU, and 4 MB.
    sys.modules.setdefault("openvino.tools.ovc", None)  # type: ignore[arg-type] # not importable
    if lane is Lane.BULK:
        os.nice(BULK_NICENESS)
    try:
        with open_redis(settings) as redis:
            warn_if_unsuitable(redis)
        service = _started(settings, lane)
    except InvalidRequest as exc:
        log.error("cannot start: %s", exc, extra={"action": "start"})
        return WRONG_SETTINGS
    except DepthqError as exc:
        log.error("cannot start: %s", exc, extra={"action": "start"})
        return 1
    return serve(service, settings, lane)


def _started(settings: Settings, lane: Lane) -> WorkerService:
    """Return the worker, ready. Raises DepthqError.

    What other processes and C++ do begins first: importing the rest takes a second of one core.
    """
    decoder = open_decoder(settings)
    decoder.start(1)
    try:
        from worker.process.models import LoadingModels

        loading = LoadingModels(settings, lane)
        loading.begin()
        from worker.process.service import WorkerService

        service = WorkerService(settings, lane, loading, decoder)
        service.start()
    except BaseException:
        decoder.stop()
        raise
    return service


def serve(service: WorkerService, settings: Settings, lane: Lane) -> int:
    """Consume the lane until told to stop, then finish what runs and shut down.

    Returns 0 if it was told to stop. Celery also ends by itself: on garbage in the queue, when
    Redis is full, or when the connection is lost twice in a row. That is a failure, so that a
    supervisor restarts the process.
    """
    from worker.process.app import SHARDS, consume  # Celery: see _started
    from worker.process.health import serve_health
    from worker.tasks import register_tasks

    loaded()
    register_tasks(service.celery, service.run_job, service.run_tasks())
    health = (
        serve_health(settings.host, settings.metrics_port, service.ready)
        if settings.metrics_port
        else None
    )
    try:
        consume(
            service.celery, lane, service.queues_of_celery(), SHARDS * len(service.models),
            settings.log_level, on_ready=service.take, on_stop=service.drain,
        )  # fmt: skip
    finally:
        if health is not None:
            health.shutdown()
        service.stop()
    if not service.draining:
        log.error("the consumer ended by itself", extra={"action": "stop", "lane": lane.value})
        return 1
    log.info("stopped", extra={"action": "stop", "lane": lane.value})
    return 0


if __name__ == "__main__":
    sys.exit(main())
