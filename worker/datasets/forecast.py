"""A dry run: list the source, run a sample, say what the whole would take. Starts nothing."""

from __future__ import annotations

import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from contract.errors import ERROR_CODES, InvalidRequest, Overloaded, StorageUnavailable
from contract.items import Item, ItemFile, ItemResult
from contract.jobs import JobError
from contract.names.object_keys import RUN_FORECAST, run_object
from contract.runs import Forecast, RunRequest
from storage.runs.files import RunObjects
from worker.datasets.items import ItemRunner, ItemTask
from worker.datasets.sources.left_out import LeftOut
from worker.datasets.sources.sources import Sources
from worker.outputs.render import RenderedFile
from worker.runs.rounds import nothing_fits

log = logging.getLogger(__name__)

SAMPLE = 32
LISTING_LIMIT_S = 60.0
WORKERS = (1, 2, 4, 8, 16)


class _Discarded:
    """A layout that counts bytes and keeps none."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing is kept."""

    def existing(self, item_id: str) -> dict[str, ItemFile] | None:  # noqa: ARG002
        """Every sampled item is run."""
        return None

    def store(self, item_id: str, files: Sequence[RenderedFile]) -> dict[str, ItemFile]:  # noqa: ARG002
        """Describe the files only."""
        return {f.output: ItemFile(key="", bytes=len(f.data), sha256="") for f in files}

    def add(self, result: ItemResult) -> None:
        """Nothing is kept."""

    def finish(self) -> None:
        """Nothing is kept."""


@dataclass
class _Listing:
    items: int = 0
    input_bytes: int = 0
    sized: bool = True
    complete: bool = True


@dataclass(frozen=True)
class Forecaster:
    """One instance per process, many threads."""

    files: RunObjects
    sources: Callable[[], Sources]
    runner: ItemRunner
    executor: Executor

    def run(self, dataset_id: str) -> None:
        """Write `forecast.json` of a dry run that was asked for; does nothing if it is there."""
        request = self.files.request(dataset_id)
        if request is None or not request.dry_run or self.files.forecast(dataset_id):
            return
        try:
            forecast = self._forecast(request)
        except StorageUnavailable as exc:
            forecast = _refused(dataset_id, exc.code, f"the source cannot be read: {exc}")
        except (InvalidRequest, Overloaded) as exc:
            forecast = _refused(dataset_id, exc.code, exc.message)
        self.files.write_forecast(forecast)
        if self.files.request(dataset_id) is None:  # deleted meanwhile: remove the rest
            self.files.store.delete([run_object(dataset_id, RUN_FORECAST)])
        self.files.drop_planned(dataset_id)

    def _forecast(self, request: RunRequest) -> Forecast:
        left_out = LeftOut()
        listing, sample = self._list(request, left_out)
        if not listing.items:
            raise InvalidRequest(nothing_fits(left_out.counts))
        task = ItemTask(request.spec.options, _Discarded(), owner=request.owner)
        started = time.monotonic()
        results = list(self.executor.map(lambda item: self.runner.run(item, task), sample))
        rate = len(results) / max(1e-3, time.monotonic() - started)
        return _extrapolated(request.id, listing, results, rate)

    def _list(self, request: RunRequest, left_out: LeftOut) -> tuple[_Listing, list[Item]]:
        """Count the source and draw a uniform sample in one pass (reservoir sampling)."""
        listing, sample = _Listing(), list[Item]()
        chance = random.Random(request.id)  # noqa: S311 - the same sample when asked again
        stop_at = time.monotonic() + LISTING_LIMIT_S
        for item in self.sources().items(request, left_out=left_out):
            listing.items += 1
            listing.input_bytes += item.size
            listing.sized = listing.sized and item.size > 0
            place = listing.items - 1 if len(sample) < SAMPLE else chance.randrange(listing.items)
            if place < SAMPLE:
                sample[place : place + 1] = [item]
            if listing.items % 1_000 == 0 and time.monotonic() > stop_at:
                listing.complete = False
                break
        return listing, sample


def _extrapolated(
    dataset_id: str, listing: _Listing, results: list[ItemResult], rate: float
) -> Forecast:
    codes = Counter(result.error.code for result in results if result.error)
    made = [result for result in results if result.state == "succeeded"]
    out = sum(file.bytes for result in made for file in result.outputs.values())
    output_bytes = int(out / len(results) * listing.items)
    per_item = sum(result.input_bytes for result in made) / max(1, len(made))
    input_bytes = listing.input_bytes if listing.sized else int(per_item * listing.items) or None
    return Forecast(
        id=dataset_id,
        items=listing.items,
        complete=listing.complete,
        input_bytes=input_bytes,
        sampled=len(results),
        sample_failed=sum(codes.values()),
        errors=dict(codes),
        images_per_s=round(rate, 3),
        hours={n: round(listing.items / rate / n / 3600, 4) for n in WORKERS},
        output_bytes=output_bytes,
    )


def _refused(dataset_id: str, code: str, message: str) -> Forecast:
    error = JobError(code=code, message=message, retryable=ERROR_CODES[code])
    return Forecast(
        id=dataset_id,
        items=0,
        complete=False,
        sampled=0,
        sample_failed=0,
        images_per_s=0.0,
        error=error,
    )
