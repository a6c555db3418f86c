"""Counts results for the summary of a dataset."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field

from contract.items import ItemResult
from contract.runs import Counts, RunPlan, RunRecord, RunSummary
from contract.states import DatasetState


@dataclass
class Tally:
    """Counts results; its memory does not grow with them."""

    states: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    workers: set[str] = field(default_factory=set)
    input_bytes: int = 0
    output_bytes: int = 0
    shards: int = 0

    def add(self, results: list[ItemResult]) -> None:
        """Count a shard."""
        self.shards += 1
        for result in results:
            self.states[result.state] += 1
            if result.error is not None:
                self.codes[result.error.code] += 1
            self.workers.add(result.worker)
            self.input_bytes += result.input_bytes
            self.output_bytes += sum(file.bytes for file in result.outputs.values())

    def counts(self, total: int) -> Counts:
        """Return the items by their end."""
        return Counts(
            total=total,
            succeeded=self.states["succeeded"],
            skipped=self.states["skipped"],
            failed=self.states["failed"],
            by_code=dict(sorted(self.codes.items())),
        )

    def summary(self, record: RunRecord, plan: RunPlan, files: dict[str, str]) -> RunSummary:
        """Return `summary.json` of a dataset that ends now, or was canceled before."""
        finished_at = record.finished_at or time.time()
        wall_s = max(0.001, finished_at - (record.started_at or record.request.created_at))
        canceled = record.state is DatasetState.CANCELED
        counts = self.counts(plan.items or record.counts.total)
        return RunSummary(
            id=record.id,
            state=DatasetState.CANCELED if canceled else DatasetState.COMPLETED,
            round=record.round,
            counts=counts,
            shards_total=plan.shards_total or record.shards_total,
            shards_done=self.shards,
            input_bytes=self.input_bytes,
            output_bytes=self.output_bytes,
            created_at=record.request.created_at,
            started_at=record.started_at,
            finished_at=finished_at,
            wall_s=round(wall_s, 3),
            cpu_s=record.cpu_s,
            images_per_s=round(counts.done / wall_s, 3),
            workers=tuple(sorted(self.workers)),
            files=files,
        )
