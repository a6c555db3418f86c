"""What the endpoints work with, built once by the composition root (`api/wsgi.py`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import current_app

from api.auth import Keys
from api.capacity import Capacity
from api.changes import ChangeHub
from api.dispatch import Dispatch
from api.measures import Measures
from api.wait_budget import WaitBudget
from contract.key_limits import KeyLimits
from contract.settings import Settings
from storage.buckets import Buckets
from storage.dataset_objects import DatasetObjects
from storage.datasets import DatasetStore
from storage.jobs import JobStore
from storage.objects import ObjectStore
from storage.workers import WorkerRegistry

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
    changes: ChangeHub
    endings: ChangeHub
    waits: WaitBudget
    measures: Measures
    datasets: DatasetStore
    files: DatasetObjects
    buckets: Buckets
    limits: KeyLimits
    keys: Keys

    def stop_waiting(self) -> None:
        """Let everybody who waits for something answer with what there is: we are going down."""
        self.endings.let_go()  # before the other's thread is waited for
        self.changes.stop()
        self.endings.stop()


def services() -> Services:
    """Return the services of the app that handles the present request."""
    return cast("Services", current_app.extensions[EXTENSION])
