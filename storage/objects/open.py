"""Opens the stores that the settings name."""

from __future__ import annotations

import contextlib

from contract.settings import Settings
from runtime.private_files import make_private
from storage.jobs.store import JobStore
from storage.ledger.connection import open_redis
from storage.ledger.webhooks import WebhookQueue
from storage.objects.filesystem import FilesystemStore
from storage.objects.protocol import ObjectStore
from storage.runs.store import RunStore


def open_object_store(settings: Settings, *, patient: bool = False) -> ObjectStore:
    """Return the S3 store if a bucket is set, else files under `data_dir`. Connects to nothing.

    `patient`: a slow answer is better than none, because no client waits for it.
    """
    if settings.s3_bucket is None:
        with contextlib.suppress(OSError):  # the store raises when it is used
            make_private(settings.data_dir)
        return FilesystemStore(settings.data_dir / "objects")
    # Imported here, because boto3 takes a third of a second.
    from storage.objects.s3_lean import LeanS3Store

    return LeanS3Store.from_settings(settings, patient=patient)


def open_job_store(settings: Settings) -> JobStore:
    """Return the job store in `redis_url`. Connects lazily."""
    return JobStore(open_redis(settings), handover_bytes(settings))


def handover_bytes(settings: Settings) -> int:
    """Return the memory for inputs on their way to a worker; files are read as fast without."""
    return settings.handover_bytes if settings.s3_bucket else 0


def open_run_store(settings: Settings) -> RunStore:
    """Return the ledger of datasets in `redis_url`. Connects lazily."""
    return RunStore(open_redis(settings))


def open_webhook_queue(settings: Settings) -> WebhookQueue:
    """Return the queue of due webhooks in `redis_url`. Connects lazily."""
    return WebhookQueue(open_redis(settings))
