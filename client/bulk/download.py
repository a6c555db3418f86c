"""Downloads a dataset's results, many at a time; existing files are left alone."""

from __future__ import annotations

import errno
import hashlib
import json
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from client.bulk.names import ResultNames
from client.datasets import Datasets
from client.errors import ServiceUnreachable
from client.wire.downloads import download_output
from contract.errors import DepthqError

HANDS = 8
_AHEAD = 64  # items that are listed before the first of them is done
_NO_PLACE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)  # no space: no other file will fit


@dataclass
class Downloaded:
    """What was downloaded."""

    files: int = 0
    kept: int = 0  # existed already
    bytes: int = 0
    items: int = 0
    failed: dict[str, str] = field(default_factory=dict)  # uri → why its files were not downloaded


Saw = Callable[[Downloaded], None]


def _ignore(_word: object) -> None:
    """Do nothing."""


def _everything(_uri: str) -> bool:
    return True


@dataclass(frozen=True)
class ResultDownload:
    """Downloads the results of a dataset to `folder`.

    `wants` decides by an item's uri whether its results are wanted; `came` is called with each that
    is complete.
    """

    datasets: Datasets
    folder: Path
    names: ResultNames
    wants: Callable[[str], bool] = _everything
    came: Callable[[str], None] = _ignore

    def run(self, dataset_id: str, saw: Saw = _ignore) -> Downloaded:
        """Download every output of every success, and report those that failed.

        Raises what would affect every other item too: no service, no space.
        """
        total = Downloaded()
        with ThreadPoolExecutor(HANDS, thread_name_prefix="download") as pool:
            waiting: deque[Future[Downloaded]] = deque()
            try:
                for result in self._wanted(dataset_id):
                    waiting.append(pool.submit(self._fetch, result))
                    while len(waiting) > _AHEAD:
                        _add(total, waiting.popleft().result(), saw)
                while waiting:
                    _add(total, waiting.popleft().result(), saw)
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
        return total

    def _wanted(self, dataset_id: str) -> Iterator[Mapping[str, Any]]:
        """Yield the items with files; of a tar, which holds many items, only the first."""
        tars: set[str] = set()
        for result in self._claimed(dataset_id):
            outputs = result.get("outputs") or {}
            if not self.wants(result["uri"]) or not outputs:
                continue
            urls = {output["url"] for output in outputs.values() if output.get("member")}
            if urls and urls <= tars:
                continue
            tars |= urls
            yield result

    def _claimed(self, dataset_id: str) -> Iterator[Mapping[str, Any]]:
        """Yield all results after each of them, failures too, has reserved its name."""
        with tempfile.TemporaryFile("w+", encoding="ascii") as spool:
            for result in self.datasets.results(dataset_id):
                self.names.claim(result["uri"], result["id"])
                spool.write(json.dumps(result) + "\n")
            spool.seek(0)
            yield from map(json.loads, spool)

    def _fetch(self, result: Mapping[str, Any]) -> Downloaded:
        made = Downloaded(items=1)
        stem = self.names.stem(result["uri"], result["id"])
        try:
            for name, output in result["outputs"].items():
                self._bring(made, stem, name, output)
        except (DepthqError, OSError) as exc:
            if _meets_all(exc):
                raise
            made.failed[result["uri"]] = getattr(exc, "message", None) or str(exc)
        else:
            self.came(result["uri"])
        return made

    def _bring(
        self, made: Downloaded, stem: PurePosixPath, name: str, output: Mapping[str, Any]
    ) -> None:
        url = f"/v1/{output['url'].partition('/v1/')[2]}"
        announced: Mapping[str, Any] = {} if output.get("member") else output
        if announced:
            target = self._target(stem, name, output)
        else:
            target = self.folder / PurePosixPath(url).name
        if _is_there(target, announced):
            made.kept += 1
            return
        download_output(self.datasets.transport, url, target, announced)
        made.files += 1
        made.bytes += target.stat().st_size

    def _target(self, stem: PurePosixPath, name: str, output: Mapping[str, Any]) -> Path:
        place = self.folder / stem
        return place.with_name(f"{place.name}.{name}{PurePosixPath(output['key']).suffix}")


def _meets_all(exc: Exception) -> bool:
    """Tell whether an error affects all items, not the one that raised it."""
    cause = exc if isinstance(exc, OSError) else exc.__cause__
    full = isinstance(cause, OSError) and cause.errno in _NO_PLACE
    return full or isinstance(exc, ServiceUnreachable)


def _is_there(target: Path, announced: Mapping[str, Any]) -> bool:
    """Tell whether `target` has the announced bytes; a tar is taken to be whole."""
    if not target.is_file():
        return False
    if announced and target.stat().st_size != announced["bytes"]:
        return False
    if not announced.get("sha256"):
        return True
    with target.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == str(announced["sha256"])


def _add(total: Downloaded, one: Downloaded, saw: Saw) -> None:
    total.files += one.files
    total.kept += one.kept
    total.bytes += one.bytes
    total.items += one.items
    total.failed |= one.failed
    saw(total)
