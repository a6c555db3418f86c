"""Downloads a dataset's results, many at a time; what is there already is left alone."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from client.bulk.names import ResultNames
from client.datasets import Datasets
from client.wire.downloads import download_output

HANDS = 8
_AHEAD = 64  # items that are looked at before the first of them is done


@dataclass
class Downloaded:
    """What has come."""

    files: int = 0
    kept: int = 0  # were there already
    bytes: int = 0
    items: int = 0


Saw = Callable[[Downloaded], None]


def _nobody(_so_far: Downloaded) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class ResultDownload:
    """Brings the results of a dataset to `folder`."""

    datasets: Datasets
    folder: Path
    names: ResultNames

    def run(self, dataset_id: str, saw: Saw = _nobody) -> Downloaded:
        """Download every output of every success. Raises the first error there is."""
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
        for result in self.datasets.results(dataset_id):
            outputs = result.get("outputs") or {}
            stem = self.names.stem(result["uri"])  # also of failures: names do not depend on them
            if not outputs:
                continue
            urls = {output["url"] for output in outputs.values() if output.get("member")}
            if urls and urls <= tars:
                continue
            tars |= urls
            yield {**result, "stem": stem}

    def _fetch(self, result: Mapping[str, Any]) -> Downloaded:
        made = Downloaded(items=1)
        for name, output in result["outputs"].items():
            url = f"/v1/{output['url'].partition('/v1/')[2]}"
            if output.get("member"):
                target, announced = self.folder / PurePosixPath(url).name, {}
            else:
                target, announced = self._target(result["stem"], name, output), output
            if _is_there(target, announced):
                made.kept += 1
                continue
            download_output(self.datasets.transport, url, target, announced)
            made.files += 1
            made.bytes += target.stat().st_size
        return made

    def _target(self, stem: PurePosixPath, name: str, output: Mapping[str, Any]) -> Path:
        place = self.folder / stem
        return place.with_name(f"{place.name}.{name}{PurePosixPath(output['key']).suffix}")


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
    saw(total)
