"""`python -m worker.reconcile`: restore unfinished jobs and datasets from object storage alone.

For use after a loss of Redis. The input object of each job carries its request, so records are
rebuilt from there, and those without a result go back to the queue. The leading worker does the
same by itself when it detects a new Redis: worker/upkeep/restore.py.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys

from contract.errors import StorageUnavailable
from contract.names.queues import TASK_RUN_JOB
from contract.settings import Settings
from contract.startup import settings_or_exit
from runtime.logs import configure_logging
from storage.objects.open import (
    open_job_store,
    open_object_store,
    open_run_store,
    open_webhook_queue,
)
from worker.process.app import make_celery, send
from worker.upkeep.restore import days_kept, restore_jobs
from worker.upkeep.run_restore import recover_runs

log = logging.getLogger("worker.reconcile")


def reconcile(settings: Settings, days: int) -> dict[str, int]:
    """Restore unfinished jobs and datasets, see restore_jobs and recover_runs; return the
    counts.

    Raises StorageUnavailable.
    """
    app, objects = make_celery(settings), open_object_store(settings)
    ledger, webhooks = open_job_store(settings), open_webhook_queue(settings)
    jobs = restore_jobs(
        objects,
        ledger,
        webhooks,
        lambda job_id, lane, model: send(app, TASK_RUN_JOB, job_id, lane, model),
        days,
    )
    return jobs | recover_runs(objects, open_run_store(settings), ledger, webhooks)


def main(argv: list[str] | None = None) -> int:
    """Run once; exit code 0 if the stores answered, 3 if not."""
    parser = argparse.ArgumentParser(prog="depthq reconcile", description=__doc__)
    settings = settings_or_exit("reconcile")
    parser.add_argument(
        "--days",
        type=int,
        default=days_kept(settings.retention_s),
        help="how far back to look (default: as long as results are kept)",
    )

    parser.add_argument("--json", action="store_true", help="one JSON object instead of a sentence")
    arguments = parser.parse_args(argv)
    configure_logging(settings.log_format, settings.log_level)
    try:
        counts = reconcile(settings, arguments.days)
    except StorageUnavailable as exc:
        log.error("%s", exc, extra={"action": "reconcile"})
        return 3
    sentence = (
        f"{counts['unfinished']} unfinished jobs in storage: {counts['rebuilt']} rebuilt and sent, "
        f"{counts['known']} known already, {counts['too_old']} too old; "
        f"{counts['datasets_rebuilt']} of {counts['datasets']} datasets rebuilt, "
        f"{counts['datasets_unfinished']} of them unfinished"
    )
    sys.stdout.write((json.dumps(counts) if arguments.json else sentence) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
