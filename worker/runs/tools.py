"""What a worker process hands to its kinds of long work, and how they are opened."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module

from contract.kinds.declaration import KindDeclaration
from contract.settings import Settings
from storage.objects.buckets import Buckets
from storage.objects.protocol import ObjectStore
from storage.runs.files import RunObjects
from worker.attempts.patience import Patience
from worker.compute.computer import Computer
from worker.compute.throughput import Throughput
from worker.runs.disk_shares import DiskShares
from worker.runs.kind import Kind

log = logging.getLogger(__name__)

Turn = Callable[[], AbstractContextManager[None]]  # the lane throttle's: one for each item


@dataclass(frozen=True)
class Tools:
    """The parts of the worker process that kinds use. All are safe to share between threads."""

    settings: Settings
    files: RunObjects  # of runs; its store waits for the infrastructure
    objects: ObjectStore  # the service's own; does not wait
    buckets: Buckets  # those of callers; do not wait
    patience: Patience
    computer: Computer
    weights_of: Callable[[str], str]  # model → the id of its weights
    throughput: Throughput
    executor: Executor  # for items at once
    disk_shares: DiskShares
    worker: str
    turn: Turn


def open_kinds(declared: Iterable[KindDeclaration], tools: Tools) -> dict[str, Kind]:
    """Return the kinds by name, without those that cannot be opened here.

    This worker then consumes none of their queues; others may.
    """
    kinds = {}
    for kind in declared:
        try:
            kinds[kind.name] = _opened(kind.opened_by, tools)
        except ImportError as exc:  # a part that is not installed here
            cure = f"; to have it: {kind.needs}" if kind.needs else ""
            log.warning("cannot run kind %s: %s%s", kind.name, exc, cure, extra={"action": "start"})
        except Exception:  # whatever another package does wrong, the worker starts
            log.exception("cannot run kind %s", kind.name, extra={"action": "start"})
    return kinds


def _opened(opened_by: str, tools: Tools) -> Kind:
    module, _, function = opened_by.partition(":")
    kind = getattr(import_module(module), function)(tools)
    if not isinstance(kind, Kind):
        raise TypeError(f"{opened_by} returned no Kind but {type(kind).__name__}")
    return kind
