"""What the endpoints share, built once by the composition root (`api/wsgi.py`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import current_app

from api.callers.auth import Keys
from api.depth.at_once import AtOnce
from api.dispatch import Dispatch
from api.load.capacity import Capacity
from api.load.measures import Measures
from api.load.models import Models
from api.waiting.changes import ChangeHub
from api.waiting.wait_budget import WaitBudget
from contract.key_limits import KeyLimits
from contract.settings import Settings
from storage.fleet.workers import WorkerRegistry
from storage.jobs.store import JobStore
from storage.objects.buckets import Buckets
from storage.objects.protocol import ObjectStore
from storage.runs.files import RunObjects
from storage.runs.store import RunStore

EXTENSION = "depthq"


@dataclass(frozen=True)
class Services:
    """The parts of one running API."""

    settings: Settings
    objects: ObjectStore
    jobs: JobStore
    workers: WorkerRegistry
    dispatch: Dispatch
    capacity: Capacity
    models: Models
    changes: ChangeHub
    endings: ChangeHub
    waits: WaitBudget
    measures: Measures
    datasets: RunStore
    files: RunObjects
    buckets: Buckets
    limits: KeyLimits
    keys: Keys
    at_once: AtOnce

    def stop_waiting(self) -> None:
        """Wake every waiting request, so that it answers with the present state: shutting down."""
        self.endings.release_waiters()  # both first, then join either's thread
        self.changes.stop()
        self.endings.stop()
        self.at_once.stop()


def services() -> Services:
    """Return the services of the app that handles the present request."""
    return cast("Services", current_app.extensions[EXTENSION])
