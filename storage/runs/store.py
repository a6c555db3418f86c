"""The ledger of datasets: counters, leases and a bitmap in Redis, whatever the number of items."""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from redis import Redis

from contract.jobs import JobError
from contract.kinds.registry import KINDS
from contract.names.redis_keys import active_key, run_key
from contract.runs import Counts, Progress, RunRecord
from contract.states import DatasetState
from storage.ledger.connection import redis_errors
from storage.runs.fields import from_fields, from_pairs, to_fields
from storage.runs.progress import forecast
from storage.runs.scripts import RunScripts
from storage.runs.steps import Next, Renewal, Step, StepClaim, new_step

__all__ = ["Next", "Renewal", "RunStore", "Step", "StepClaim", "new_step"]

GRACE_S = 10.0  # from dispatch to claim; then the message counts as lost


class RunStore:
    """Every operation on datasets in Redis. Every method raises StorageUnavailable.

    Safe to share between threads. Each change is one Lua script and may be sent twice.
    """

    def __init__(self, redis: Redis, kinds: Iterable[str] = KINDS) -> None:
        """`kinds`: of which runs are listed and dispatched."""
        self._redis = redis
        self._kinds = kinds
        self._scripts = RunScripts(redis)

    def create(self, record: RunRecord, done: Iterable[int] = ()) -> bool:
        """Write a new record, `done` being the shards that have ended; False: it exists already."""
        times = (repr(record.request.created_at), GRACE_S)
        shards = ",".join(str(number) for number in done)
        nonce = secrets.token_hex(8)
        return bool(
            self._scripts.run("create", record.id, nonce, *times, shards, *to_fields(record))
        )

    def get(self, dataset_id: str) -> RunRecord | None:
        """Return the record; None: there is none."""
        with redis_errors():
            fields = cast("dict[str, str]", self._redis.hgetall(run_key(dataset_id)))
        return from_fields(fields) if fields else None

    def get_with_progress(self, dataset_id: str) -> tuple[RunRecord, Progress] | None:
        """Return the record and how fast it moves, in one round trip; None: there is none."""
        key = run_key(dataset_id)
        with redis_errors(), self._redis.pipeline(transaction=False) as pipe:
            pipe.hgetall(key)
            pipe.hgetall(f"{key}:rate")
            pipe.time()
            fields, slots, (seconds, micros) = pipe.execute()
        if not fields:
            return None
        record = from_fields(fields)
        return record, forecast(record, slots, seconds + micros / 1e6)

    def active(self) -> list[str]:
        """Return the ids of runs with work left, oldest first within a kind."""
        with redis_errors():
            found = [self._redis.zrange(active_key(kind), 0, -1) for kind in self._kinds]
        return [run_id for ids in cast("list[list[str]]", found) for run_id in ids]

    def items_left(self) -> dict[str, int]:
        """Return by model how many planned items have not ended; two round trips at most."""
        ids = self.active()
        with redis_errors(), self._redis.pipeline(transaction=False) as pipe:
            for dataset_id in ids:
                pipe.hgetall(run_key(dataset_id))
            found = pipe.execute()
        left = Counter[str]()
        for record in (from_fields(fields) for fields in found if fields):
            left[record.request.spec.options.model] += record.items_left
        return dict(left)

    def delete(self, dataset_id: str) -> None:
        """Remove the record and every trace of it."""
        self._scripts.run("delete", dataset_id)

    # what a client asks

    def cancel(self, dataset_id: str) -> tuple[DatasetState, bool] | None:
        """Stop dispatch at once; return the state then, and whether to send the finalizer now.

        None: unknown. A dataset that has ended stays as it is.
        """
        answer = self._scripts.run("cancel", dataset_id, GRACE_S)
        return (DatasetState(answer[0]), bool(answer[1])) if answer else None

    def retry(
        self, dataset_id: str, round_: int, codes: Sequence[str]
    ) -> tuple[DatasetState, bool] | None:
        """Start round `round_` of a completed dataset; return its state, and whether it started.

        None: unknown. The caller writes `retry_object` before and sends the plan message after.
        """
        answer = self._scripts.run("retry", dataset_id, round_, json.dumps(list(codes)), GRACE_S)
        return (DatasetState(answer[0]), bool(answer[1])) if answer else None

    # what workers do

    def claim(self, step: Step, worker: str, lease_s: float) -> StepClaim:
        """Claim a step without a holder, or with an expired lease."""
        outcome, crashes, died_at, pairs = self._scripts.run(
            "claim", step.dataset_id, step.name, step.token, worker, lease_s
        )
        indices = tuple(int(index) for index in died_at.split(",") if index)
        return StepClaim(outcome, from_pairs(pairs) if pairs else None, int(crashes), indices)

    def renew(self, steps: Mapping[Step, int], lease_s: float) -> dict[str, Renewal]:
        """Extend leases and report items ended so far; one round trip per dataset.

        All steps of `steps` are renewed; the answer is by dataset.
        """
        renewals = {}
        for dataset_id in {step.dataset_id for step in steps}:
            own = [
                part
                for step, items in steps.items()
                if step.dataset_id == dataset_id
                for part in (step.name, step.token, items)
            ]
            state, *lost = self._scripts.run("renew", dataset_id, lease_s, *own)
            renewals[dataset_id] = Renewal(state, frozenset(lost))
        return renewals

    def mark(self, step: Step, index: int) -> bool:
        """Record which item of a shard is processed next, alone; False: the step is lost."""
        return bool(self._scripts.run("mark", step.dataset_id, step.name, step.token, index))

    def release(self, step: Step, *, counted: bool) -> bool:
        """Release a step; `counted`: it failed for a reason of its own."""
        arguments = (step.name, step.token, int(counted))
        return bool(self._scripts.run("release", step.dataset_id, *arguments))

    def shard_done(self, step: Step, counts: Counts, cpu_s: float) -> Next:
        """Count a shard whose results are stored; each shard counts once."""
        arguments = (counts.succeeded, counts.skipped, counts.failed, *_flat(counts.by_code))
        answer: Next = self._scripts.run(
            "shard_done",
            step.dataset_id,
            step.name,
            step.token,
            GRACE_S,
            f"{cpu_s:.3f}",
            *arguments,
        )
        return answer

    def plan_progress(self, step: Step, shards: int, items: int, *, dispatch: bool) -> bool:
        """Record how many shards and items there are so far; `dispatch`: they may start already.

        False: the step is lost.
        """
        arguments = (step.token, shards, items, int(dispatch))
        return bool(self._scripts.run("plan_progress", step.dataset_id, *arguments))

    def planned(
        self,
        step: Step,
        shards: int,
        items: int,
        *,
        again: Mapping[str, int] | None = None,
        depth_range: tuple[float, float] | None = None,
        left_out: Mapping[str, int] | None = None,
    ) -> Next:
        """Record that all shards are written; `again`: failures by code that this round repeats."""
        range_ = json.dumps(depth_range) if depth_range else ""
        passed = json.dumps(dict(left_out)) if left_out else ""
        arguments = (step.token, shards, items, range_, GRACE_S, passed, *_flat(again or {}))
        answer: Next = self._scripts.run("planned", step.dataset_id, *arguments)
        return answer

    def refuse(self, step: Step, error: JobError) -> bool:
        """End a dataset that cannot go on; False: the step is lost."""
        arguments = (step.name, step.token, error.model_dump_json())
        return bool(self._scripts.run("refuse", step.dataset_id, *arguments))

    def finalized(self, step: Step, counts: Counts) -> bool:
        """Record that the summary is written, with the results' counts; False: the step is lost."""
        arguments = (counts.succeeded, counts.skipped, counts.failed, *_flat(counts.by_code))
        return bool(self._scripts.run("finalized", step.dataset_id, step.token, *arguments))

    def dispatch(self, window: int) -> list[tuple[str, int]]:
        """Lease the next shards of each kind, runs in turn, until `window` steps of it are leased.

        Returns (id, shard) of each.
        """
        found = [f for kind in self._kinds for f in self._scripts.dispatch(kind, window, GRACE_S)]
        return [(found[i], int(found[i + 1])) for i in range(0, len(found), 2)]

    def overdue(self, dataset_id: str, limit: int = 100) -> list[str]:
        """Return the steps with an expired lease, leased anew; the caller sends their messages."""
        return list(self._scripts.run("overdue", dataset_id, GRACE_S, limit))


def _flat(by_code: Mapping[str, int]) -> list[str | int]:
    return [part for pair in by_code.items() for part in pair]
