"""A dataset's own files in the object store, from which everything else can be rebuilt."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TypeVar

from pydantic import BaseModel

from contract.errors import NotFound
from contract.items import Item, ItemResult
from contract.jobs import JobError
from contract.names.object_keys import (
    RUN_ARCHIVE,
    RUN_CANCELED,
    RUN_FORECAST,
    RUN_PLAN,
    RUN_REFUSED,
    RUN_REQUEST,
    RUN_RETRIES,
    RUN_SUMMARY,
    WEBHOOK_MARK,
    retry_object,
    run_object,
    shard_failures_object,
    shard_object,
    shard_result_object,
)
from contract.runs import (
    Forecast,
    RetryRequest,
    RunPlan,
    RunRecord,
    RunRequest,
    RunSummary,
)
from storage.objects.marks import set_mark
from storage.objects.protocol import ObjectStore
from storage.runs.lines import item_lines, read_items, read_results, result_lines

_DELETED_AT_ONCE = 1_000
LINES = "application/x-ndjson"
JSON = "application/json"
_NUMBERED = re.compile(r"(\d{6,9})\.jsonl?")  # other names in these folders are ignored
_Model = TypeVar("_Model", bound=BaseModel)


class RunObjects:
    """Reads and writes them. Every method raises StorageUnavailable."""

    def __init__(self, objects: ObjectStore) -> None:
        self.store = objects

    def write_request(self, request: RunRequest) -> None:
        """Write `dataset.json`: from here on the dataset is accepted."""
        self._write(run_object(request.id, RUN_REQUEST), request)

    def request(self, dataset_id: str) -> RunRequest | None:
        """Return the request; None: no such dataset."""
        return self._read(run_object(dataset_id, RUN_REQUEST), RunRequest)

    def write_plan(self, dataset_id: str, plan: RunPlan) -> None:
        """Write `plan.json`: all shards of its rounds are there."""
        self._write(run_object(dataset_id, RUN_PLAN), plan)

    def plan(self, dataset_id: str) -> RunPlan:
        """Return the plan; one without rounds if there is none yet."""
        plan = self._read(run_object(dataset_id, RUN_PLAN), RunPlan)
        return plan or RunPlan(rounds=())

    def write_retry(self, dataset_id: str, request: RetryRequest) -> None:
        """Ask for a round: it is accepted when this is written."""
        self._write(retry_object(dataset_id, request.round), request)

    def last_retry(self, dataset_id: str) -> RetryRequest | None:
        """Return the latest round asked for; None: only the first run was."""
        numbers = self._numbers(run_object(dataset_id, RUN_RETRIES), 0)
        last = max(numbers, default=None)
        return self._read(retry_object(dataset_id, last), RetryRequest) if last else None

    def write_summary(self, summary: RunSummary) -> None:
        """Write `summary.json`, last of all."""
        self._write(run_object(summary.id, RUN_SUMMARY), summary)

    def summary(self, dataset_id: str) -> RunSummary | None:
        """Return the summary of the last finished round; None: none has finished."""
        return self._read(run_object(dataset_id, RUN_SUMMARY), RunSummary)

    def write_canceled(self, dataset_id: str) -> None:
        """Write that the dataset is canceled, for rebuilding it."""
        self.store.put(run_object(dataset_id, RUN_CANCELED), b"{}\n", media_type=JSON)

    def canceled(self, dataset_id: str) -> bool:
        """Tell whether it was canceled."""
        return self._exists(run_object(dataset_id, RUN_CANCELED))

    def write_refused(self, dataset_id: str, error: JobError) -> None:
        """Write why nothing was run."""
        self._write(run_object(dataset_id, RUN_REFUSED), error)

    def refused(self, dataset_id: str) -> JobError | None:
        """Return why nothing was run; None: it was not refused."""
        return self._read(run_object(dataset_id, RUN_REFUSED), JobError)

    def mark_call_due(self, dataset_id: str) -> None:
        """Mark that a webhook for the end of a round is due; the call removes the mark."""
        set_mark(self.store, run_object(dataset_id, WEBHOOK_MARK))

    def call_is_due(self, record: RunRecord) -> bool:
        """Tell whether a webhook of an ended dataset is still due."""
        wanted = record.state.terminal and record.request.spec.webhook_url is not None
        return wanted and self._exists(run_object(record.id, WEBHOOK_MARK))

    def write_forecast(self, forecast: Forecast) -> None:
        """Write what a dry run found."""
        self._write(run_object(forecast.id, RUN_FORECAST), forecast)

    def forecast(self, dataset_id: str) -> Forecast | None:
        """Return what a dry run found; None: it is not done."""
        return self._read(run_object(dataset_id, RUN_FORECAST), Forecast)

    # shards

    def write_shard(self, dataset_id: str, shard: int, items: Sequence[Item]) -> int:
        """Write a shard's items; return their bytes."""
        body = item_lines(items)
        self.store.put(shard_object(dataset_id, shard), body, media_type=LINES)
        return len(body)

    def drop_planned(self, dataset_id: str) -> None:
        """Remove what was uploaded, unpacked and planned of a dataset that will never run."""
        self.store.delete([run_object(dataset_id, RUN_ARCHIVE)])
        for folder in ("inputs/", "shards/"):
            found = (info.key for info in self.store.list(run_object(dataset_id, folder)))
            while batch := list(islice(found, _DELETED_AT_ONCE)):
                self.store.delete(batch)

    def shard(self, dataset_id: str, shard: int) -> list[Item]:
        """Return a shard's items, a failing one for each that cannot be read. Raises NotFound."""
        body = self.store.get(shard_object(dataset_id, shard))
        return read_items(shard, body)

    def write_results(self, dataset_id: str, shard: int, results: Sequence[ItemResult]) -> None:
        """Write a shard's failures, if any, then all its results."""
        self.write_failures(dataset_id, shard, [r for r in results if r.state == "failed"])
        body = result_lines(results)
        self.store.put(shard_result_object(dataset_id, shard), body, media_type=LINES)

    def results(self, dataset_id: str, shard: int) -> list[ItemResult]:
        """Return a shard's results. Raises NotFound."""
        return read_results(self.store.get(shard_result_object(dataset_id, shard)))

    def write_failures(self, dataset_id: str, shard: int, failures: Sequence[ItemResult]) -> None:
        """Write a shard's failures, if any."""
        if failures:
            key = shard_failures_object(dataset_id, shard)
            self.store.put(key, result_lines(failures), media_type=LINES)

    def failures(self, dataset_id: str, shard: int) -> list[ItemResult]:
        """Return a shard's failures."""
        try:
            return read_results(self.store.get(shard_failures_object(dataset_id, shard)))
        except NotFound:
            return []

    def failure_numbers(self, dataset_id: str, first: int = 0) -> Iterator[int]:
        """Yield the numbers of shards with failures, from `first` on."""
        return self._numbers(run_object(dataset_id, "failures/"), first)

    def result_numbers(self, dataset_id: str, first: int = 0) -> Iterator[int]:
        """Yield the numbers of shards whose results are written, from `first` on."""
        return self._numbers(run_object(dataset_id, "results/"), first)

    def shard_numbers(self, dataset_id: str, first: int = 0) -> Iterator[int]:
        """Yield the numbers of shards whose items are written, from `first` on."""
        return self._numbers(run_object(dataset_id, "shards/"), first)

    def _numbers(self, folder: str, first: int) -> Iterator[int]:
        start_after = f"{folder}{first - 1:06d}.jsonl" if first else ""
        for info in self.store.list(folder, start_after=start_after):
            if match := _NUMBERED.fullmatch(info.key, len(folder)):
                yield int(match[1])

    def _write(self, key: str, value: BaseModel) -> None:
        self.store.put(key, value.model_dump_json(indent=1).encode(), media_type=JSON)

    def _read(self, key: str, model: type[_Model]) -> _Model | None:
        try:
            return model.model_validate_json(self.store.get(key))
        except NotFound:
            return None

    def _exists(self, key: str) -> bool:
        try:
            self.store.head(key)
        except NotFound:
            return False
        return True
