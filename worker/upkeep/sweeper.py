"""Deletes expired inputs, outputs and results of jobs.

Bucket lifecycle rules do the same where the store supports them. The sweep is for other stores, and
for files on disk, where it also removes what crashed writers left. Redis expires records by itself
(EXPIREAT).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from itertools import groupby

from storage.objects.filesystem import FilesystemStore
from storage.objects.protocol import ObjectInfo, ObjectStore

log = logging.getLogger(__name__)

AT_ONCE = 500  # objects per delete
LEFT_FOR_S = 3_600.0  # a temporary file this old has no writer any more


class Sweeper:
    """Removes jobs older than the retention. Raises StorageUnavailable."""

    def __init__(self, objects: ObjectStore, retention_s: float) -> None:
        self._objects = objects
        self._retention_s = retention_s

    def sweep(self) -> int:
        """Remove every job whose objects are all older than the retention."""
        removed, batch = 0, list[str]()
        for keys in self._expired_jobs(time.time() - self._retention_s):
            batch += keys
            if len(batch) >= AT_ONCE:
                removed += self._remove(batch)
        removed += self._remove(batch)
        if removed:
            log.info("%s objects expired", removed, extra={"action": "sweep"})
        return removed

    def _expired_jobs(self, before: float) -> Iterator[list[str]]:
        """Yield the keys of each expired job; keys sort by day, so the first young day ends it."""
        newest_day = time.strftime("jobs/%Y/%m/%d0", time.gmtime(before))  # "0" sorts after "/"
        for _, group in groupby(self._objects.list("jobs/"), key=_folder):
            infos = list(group)
            if infos[0].key > newest_day:
                return
            if all(info.modified_at < before for info in infos):
                yield [info.key for info in infos]

    def _remove(self, keys: list[str]) -> int:
        self._objects.delete(keys)
        count = len(keys)
        keys.clear()
        return count


def tidy(objects: ObjectStore) -> int:
    """Remove what crashed writers left on disk; return how many files."""
    if not isinstance(objects, FilesystemStore):
        return 0  # S3 shows whole objects only
    removed = objects.tidy(LEFT_FOR_S)
    if removed:
        log.info("%s leftovers removed", removed, extra={"action": "sweep"})
    return removed


def _folder(info: ObjectInfo) -> str:
    return info.key.rpartition("/")[0]
