"""Deletes datasets that ended longer ago than the retention, so that none is read half deleted."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from itertools import islice

from contract.errors import NotFound
from contract.ids import day_of, is_run_id, kind_of, prefix_of
from contract.kinds.registry import KINDS
from contract.names.object_keys import (
    RUN_CANCELED,
    RUN_REFUSED,
    RUN_REQUEST,
    RUN_RETRIES,
    RUN_SUMMARY,
    run_list_object,
    run_object,
    run_prefix,
)
from storage.objects.protocol import ObjectStore
from storage.runs.files import RunObjects
from storage.runs.store import RunStore

log = logging.getLogger(__name__)

ROOT = "datasets/"
AT_ONCE = 1_000  # objects per delete
ENDS = (RUN_SUMMARY, RUN_CANCELED, RUN_REFUSED)


class RunRetention:
    """Sweeps the service's bucket; files below a client's `output_prefix` stay."""

    def __init__(self, objects: ObjectStore, ledger: RunStore, retention_s: float) -> None:
        self._objects = objects
        self._files = RunObjects(objects)
        self._ledger = ledger
        self._retention_s = retention_s

    def sweep(self) -> int:
        """Remove expired datasets; returns how many objects went. Raises StorageUnavailable."""
        before = time.time() - self._retention_s
        expired = [found for found in self._ids(before) if self._ended_before(found, before)]
        return sum(self._remove(dataset_id) for dataset_id in expired)

    def _ids(self, before: float) -> Iterator[str]:
        """Yield the ids of datasets of days that may have expired, reading one object of each."""
        last_day = time.strftime("%Y%m%d", time.gmtime(before))
        for kind in KINDS:
            folder, after = f"{ROOT}{prefix_of(kind)}", ""
            while info := next(self._objects.list(folder, start_after=after), None):
                run_id = info.key.removeprefix(ROOT).partition("/")[0]
                # ids of a kind sort by day; those of datasets come first
                if kind_of(run_id) != kind or day_of(run_id) > last_day:
                    break
                if is_run_id(run_id, kind):
                    yield run_id
                after = f"{ROOT}{run_id}0"  # "0" sorts after "/": skip the rest of the folder

    def _ended_before(self, dataset_id: str, before: float) -> bool:
        ended_at = max(self._written_at(dataset_id, name) for name in ENDS)
        if ended_at:
            return ended_at < before and not self._retried_since(dataset_id, ended_at)
        return self._never_ran(dataset_id) and self._untouched_since(dataset_id, before)

    def _retried_since(self, dataset_id: str, ended_at: float) -> bool:
        """Tell whether a round was asked for after the last end: it runs, and will end anew."""
        retries = self._objects.list(run_object(dataset_id, RUN_RETRIES))
        return any(info.modified_at > ended_at for info in retries)

    def _never_ran(self, dataset_id: str) -> bool:
        """Tell whether it never ran: a dry run, or an upload that never became a dataset."""
        try:
            request = self._files.request(dataset_id)
        except ValueError:  # unreadable: skip it, so that other datasets are swept
            log.warning("unreadable request", extra={"action": "sweep", "dataset_id": dataset_id})
            return False
        return request is None or request.dry_run

    def _untouched_since(self, dataset_id: str, before: float) -> bool:
        written = (info.modified_at for info in self._objects.list(run_prefix(dataset_id)))
        return max(written, default=0.0) < before

    def _written_at(self, dataset_id: str, name: str) -> float:
        try:
            return self._objects.head(run_object(dataset_id, name)).modified_at
        except NotFound:
            return 0.0

    def _remove(self, dataset_id: str) -> int:
        """Remove the dataset; return how many objects went, without those that record its end.

        The request goes first: without it nothing is rebuilt, and results that are being read
        break off. The record follows, so that from here on there is no such dataset, and only then
        what could be missed. What records its end goes last, so that an interrupted removal
        resumes.
        """
        self._objects.delete(self._list_entry(dataset_id))
        removed = int(self._written_at(dataset_id, RUN_REQUEST) > 0)
        self._objects.delete([run_object(dataset_id, RUN_REQUEST)])
        self._ledger.delete(dataset_id)
        last = {run_object(dataset_id, name) for name in ENDS}
        found = self._objects.list(run_prefix(dataset_id))
        keys = (info.key for info in found if info.key not in last)
        while batch := list(islice(keys, AT_ONCE)):
            self._objects.delete(batch)
            removed += len(batch)
        self._objects.delete(last)
        # again: a reader may have read the request just before it went, and rebuilt the record
        self._ledger.delete(dataset_id)
        log.info("dataset expired", extra={"action": "sweep", "dataset_id": dataset_id})
        return removed

    def _list_entry(self, dataset_id: str) -> list[str]:
        """Return the key of its place in its owner's list, if its request can tell."""
        try:
            request = self._files.request(dataset_id)
        except ValueError:
            return []
        return [run_list_object(request.owner, request.created_at, request.id)] if request else []
