"""`python -m worker.reconcile`: bring every job and dataset to its end, from object storage alone.

For after Redis was lost. The input object of each job carries its request, so the records are
rebuilt from there, those without a result go back to the queue, and nothing else is needed.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from datetime import UTC, datetime, timedelta

from contract.errors import StorageUnavailable
from contract.logs import configure_logging
from contract.names import TASK_RUN_JOB
from contract.settings import Settings
from storage.factory import open_dataset_store, open_job_store, open_object_store
from storage.recovery import unfinished
from worker.app import make_celery, send
from worker.datasets.recover import recover_datasets

log = logging.getLogger("worker.reconcile")


def reconcile(settings: Settings, days: int) -> dict[str, int]:
    """Rebuild and re-send the unfinished jobs of the last `days`; returns what was done.

    Safe to run at any time and twice: records that exist are left alone (`known`), and a message
    too many is harmless. Raises StorageUnavailable.
    """
    jobs, objects, app = (
        open_job_store(settings),
        open_object_store(settings),
        make_celery(settings),
    )
    counts = {"unfinished": 0, "rebuilt": 0, "known": 0, "too_old": 0}
    since = (datetime.now(UTC) - timedelta(days=days)).date()
    for record in unfinished(objects, since):
        counts["unfinished"] += 1
        if record.request.expires_at <= time.time():
            counts["too_old"] += 1
            continue
        if not jobs.create(record):
            counts["known"] += 1  # it has a message, or the workers' own reconciler sends one
            continue
        send(app, TASK_RUN_JOB, record.id, record.request.lane)
        counts["rebuilt"] += 1
        log.info("rebuilt", extra={"action": "reconcile", "job_id": record.id})
    return counts | recover_datasets(objects, open_dataset_store(settings))


def main(argv: list[str] | None = None) -> int:
    """Run once; exit code 0 if the stores answered, 3 if not."""
    parser = argparse.ArgumentParser(prog="depthq reconcile", description=__doc__)
    settings = Settings()
    parser.add_argument(
        "--days",
        type=int,
        default=settings.retention_s // 86_400 + 1,
        help="how far back to look (default: as long as results are kept)",
    )

    parser.add_argument("--json", action="store_true", help="one JSON object instead of a sentence")
    arguments = parser.parse_args(argv)
    configure_logging(settings)
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
