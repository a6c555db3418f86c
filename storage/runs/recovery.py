"""Rebuilds dataset records from the object store alone, after Redis lost them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from contract.ids import is_run_id
from contract.names.object_keys import run_prefix
from contract.runs import Counts, RunPlan, RunRecord, RunRequest, RunSummary
from contract.states import DatasetState
from storage.objects.protocol import ObjectStore
from storage.runs.files import RunObjects
from storage.runs.store import RunStore


def run_ids(store: ObjectStore) -> Iterator[str]:
    """Yield the ids of all runs in the store, one short listing each."""
    start_after = ""
    while True:
        info = next(iter(store.list("datasets/", start_after=start_after)), None)
        if info is None:
            return
        dataset_id = info.key.split("/")[1]
        if is_run_id(dataset_id):
            yield dataset_id
        start_after = run_prefix(dataset_id) + "~"  # after every key of this dataset


def restore(files: RunObjects, ledger: RunStore, dataset_id: str) -> RunRecord | None:
    """Put the record of a dataset back into the ledger if it is not there; return it as rebuilt.

    None: there is no such dataset, or it was a dry run.
    """
    request = files.request(dataset_id)
    if request is None or request.dry_run:
        return None
    record, done = _rebuild(files, request)
    ledger.create(record, done)
    return record


def _rebuild(files: RunObjects, request: RunRequest) -> tuple[RunRecord, Iterable[int]]:
    # The version is the present second, so that it differs from every one a client saw before.
    record = RunRecord(request=request, version=int(time.time()))
    refused = files.refused(request.id)
    if refused is not None:
        return record.model_copy(update={"state": DatasetState.FAILED, "error": refused}), ()
    summary, retry = files.summary(request.id), files.last_retry(request.id)
    round_ = retry.round if retry else 0
    if summary is not None and summary.round == round_:
        ended = {"left_out": files.plan(request.id).left_out}
        return _ended(record.model_copy(update=ended), summary), ()
    codes = retry.codes if retry else ()
    record = record.model_copy(update={"round": round_, "retry_codes": codes})
    return _unfinished(files, record, summary)


def _ended(record: RunRecord, summary: RunSummary) -> RunRecord:
    ended = {
        "state": summary.state,
        "planned": True,
        "shards_total": summary.shards_total,
        "shards_done": summary.shards_done,
        "counts": summary.counts,
        "round": summary.round,
        "started_at": summary.started_at,
        "finished_at": summary.finished_at,
        "cpu_s": summary.cpu_s,
    }
    return record.model_copy(update=ended)


def _unfinished(
    files: RunObjects, record: RunRecord, summary: RunSummary | None
) -> tuple[RunRecord, Iterable[int]]:
    plan = files.plan(record.id)
    planned = bool(plan.rounds) and plan.rounds[-1].round == record.round
    canceled = files.canceled(record.id)
    done = list(files.result_numbers(record.id))
    state = DatasetState.RUNNING if planned else DatasetState.PLANNING
    rebuilt = {
        "state": DatasetState.CANCELED if canceled else state,
        "planned": planned,
        "shards_total": plan.shards_total if planned else _written(files, record.id),
        "shards_done": len(done),
        "counts": _counts(files, record.id, plan, planned=planned, summary=summary),
        "depth_range": plan.depth_range,
        "left_out": plan.left_out,
        "started_at": record.request.created_at,
        "finished_at": time.time() if canceled else None,
        "cpu_s": summary.cpu_s if summary else 0.0,
    }
    return record.model_copy(update=rebuilt), done


def _written(files: RunObjects, dataset_id: str) -> int:
    return max(files.shard_numbers(dataset_id), default=-1) + 1


def _counts(
    files: RunObjects,
    dataset_id: str,
    plan: RunPlan,
    *,
    planned: bool,
    summary: RunSummary | None,
) -> Counts:
    """Return the counts of the rounds before, from their summary, and those of this round."""
    before = summary.counts if summary else Counts()
    if summary is not None and not planned:
        return before
    latest = plan.rounds[-1] if planned else None
    first = latest.first if latest else 0
    codes, states = Counter(before.by_code), Counter[str]()
    if latest is not None:
        codes.subtract(latest.again)
    for shard in files.result_numbers(dataset_id, first):
        for result in files.results(dataset_id, shard):
            states[result.state] += 1
            if result.error is not None:
                codes[result.error.code] += 1
    return Counts(
        total=plan.items,
        succeeded=before.succeeded + states["succeeded"],
        skipped=before.skipped + states["skipped"],
        failed=sum(codes.values()),
        by_code=_positive(codes),
    )


def _positive(codes: Mapping[str, int]) -> dict[str, int]:
    return {code: count for code, count in sorted(codes.items()) if count > 0}
