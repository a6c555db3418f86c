"""The composition root: builds the parts and registers the endpoints on an app."""

from __future__ import annotations

import importlib
import logging
import pkgutil
from collections.abc import Callable
from functools import cache

from pydantic import ValidationError

from api.answers import errors, request_hooks
from api.answers.blueprint import root, v1
from api.answers.openapi import DepthApp
from api.callers import admission, auth, hosts
from api.datasets import endpoints as of_datasets
from api.depth import endpoints as of_depth
from api.depth.at_once import AtOnce
from api.dispatch import CeleryDispatch, Dispatch
from api.jobs import endpoints as of_jobs
from api.load.capacity import Capacity
from api.load.fleet import FleetCollector
from api.load.measures import LedgerCollector, Measures
from api.load.models import Models
from api.service import endpoints as of_service
from api.services import EXTENSION, Services
from api.videos import endpoints as of_videos
from api.waiting.changes import ChangeHub
from api.waiting.wait_budget import WaitBudget
from contract.key_limits import KeyLimits
from contract.kinds.registry import KINDS
from contract.settings import Settings
from storage.broker.outbox import Outbox
from storage.callers.allowances import Allowances
from storage.fleet.workers import WorkerRegistry
from storage.immediate.exchange import Exchange
from storage.jobs.store import JobStore
from storage.ledger.connection import open_redis
from storage.objects.buckets import Buckets
from storage.objects.disk import DiskSpace
from storage.objects.open import handover_bytes, open_object_store
from storage.objects.protocol import ObjectStore
from storage.runs.files import RunObjects
from storage.runs.store import RunStore

log = logging.getLogger(__name__)


def create_app(
    settings: Settings,
    objects: ObjectStore,
    jobs: JobStore,
    workers: WorkerRegistry,
    dispatch: Dispatch,
    datasets: RunStore,
    allowances: Allowances,
) -> DepthApp:
    """Return the app over the given parts. Connects to nothing and starts no thread yet.

    Raises InvalidRequest if the settings limit a key that there is not.
    """
    limits = KeyLimits(settings)
    measures = Measures()
    measures.registry.register(LedgerCollector(jobs, workers, datasets))
    measures.registry.register(FleetCollector(jobs, workers, _disk(settings)))
    waits = WaitBudget.for_threads(settings.api_threads, len(limits.digests))
    measures.waiting.set_function(lambda: waits.taken)
    app = DepthApp(settings.public_url)
    capacity = Capacity(jobs, workers, settings.max_backlog, _lack_of_room(settings))
    parts = Services(
        settings=settings,
        objects=objects,
        jobs=jobs,
        workers=workers,
        dispatch=dispatch,
        capacity=capacity,
        models=Models(
            capacity, settings.cache_dir, accept_unserved=settings.accept_unserved_models
        ),
        changes=ChangeHub(jobs.changes),
        endings=ChangeHub(jobs.endings),
        waits=waits,
        measures=measures,
        datasets=datasets,
        files=RunObjects(objects),
        buckets=Buckets(settings, objects),
        limits=limits,
        keys=auth.Keys(limits.digests),
        at_once=AtOnce(Exchange(open_redis(settings, text=False)), capacity),
    )
    app.extensions[EXTENSION] = parts
    request_hooks.register(app, settings, measures)
    hosts.register(app, settings)
    auth.register(app, parts.keys)
    admission.register(app, parts, allowances)
    errors.register(app)
    app.validation_error_callback = _refuse
    _mount(app)
    return app


def app_from(settings: Settings) -> DepthApp:
    """Return the app over the real parts that the settings name."""
    redis = open_redis(settings)
    # shorter: a second wait for a frozen Redis would make a request last ten seconds
    outbox = Outbox(open_redis(settings, answer_s=3.0))
    return create_app(
        settings,
        open_object_store(settings),
        JobStore(redis, handover_bytes(settings)),
        WorkerRegistry(redis),
        CeleryDispatch(settings, outbox),
        RunStore(redis),
        Allowances(redis),
    )


def _disk(settings: Settings) -> DiskSpace | None:
    if settings.s3_bucket is not None:  # an S3 server refuses writes itself
        return None
    return DiskSpace(settings.data_dir, settings.max_disk_share)


def _lack_of_room(settings: Settings) -> Callable[[], str]:
    disk = _disk(settings)
    return disk.lack if disk else str


def _refuse(error: ValidationError) -> None:
    raise errors.invalid_fields(error) from error


@cache
def _register_plugged_in() -> None:
    """Register the calls of kinds of other packages, once, as those of ours are by their import."""
    for kind in KINDS.values():
        if kind.calls is None:
            continue
        module, _, function = kind.calls.partition(":")
        try:
            getattr(importlib.import_module(module), function)()
        except Exception:  # whatever another package does wrong, the service starts
            log.exception("calls of kind %s not registered", kind.name, extra={"action": "start"})


def _mount(app: DepthApp) -> None:
    """Import every endpoint module, which registers itself; mount the blueprints."""
    for package in (of_jobs, of_depth, of_datasets, of_videos, of_service):
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{package.__name__}.{module.name}")
    _register_plugged_in()
    app.register_api(v1)
    app.register_api(root)
