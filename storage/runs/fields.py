"""A RunRecord as the fields of a Redis hash, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from contract.jobs import JobError
from contract.runs import Counts, RunRecord, RunRequest
from contract.states import DatasetState

_CODE = "code:"  # prefix of the counters of failures


def to_fields(record: RunRecord) -> list[str]:
    """Return `record` as alternating names and values."""
    counts = record.counts
    fields = {
        "request": record.request.model_dump_json(),
        "state": record.state.value,
        "version": str(max(1, record.version)),
        "planned": str(int(record.planned)),
        "gate": str(int(record.planned)),
        "shards_total": str(record.shards_total),
        "shards_done": str(record.shards_done),
        "total": str(counts.total),
        "succeeded": str(counts.succeeded),
        "failed": str(counts.failed),
        "skipped": str(counts.skipped),
        "round": str(record.round),
        "retry_codes": json.dumps(record.retry_codes),
        "cpu_s": repr(record.cpu_s),
        **{_CODE + code: str(count) for code, count in counts.by_code.items()},
        **_optional(record),
    }
    return [part for field in fields.items() for part in field]


def _optional(record: RunRecord) -> dict[str, str]:
    fields = {}
    if record.started_at is not None:
        fields["started_at"] = repr(record.started_at)
    if record.finished_at is not None:
        fields["finished_at"] = repr(record.finished_at)
    if record.depth_range is not None:
        fields["depth_range"] = json.dumps(record.depth_range)
    if record.left_out:
        fields["left_out"] = json.dumps(record.left_out)
    if record.error is not None:
        fields["error"] = record.error.model_dump_json()
    return fields


def from_fields(fields: Mapping[str, str]) -> RunRecord:
    """Return the record that a hash holds. `fields` may have others, which are the ledger's own."""
    number = {
        name: int(fields.get(name, "0"))
        for name in ("version", "shards_total", "shards_done", "round", "in_flight")
    }
    return RunRecord(
        request=RunRequest.model_validate_json(fields["request"]),
        state=DatasetState(fields["state"]),
        planned=fields.get("planned") == "1",
        counts=_counts(fields),
        retry_codes=tuple(json.loads(fields.get("retry_codes", "[]"))),
        cpu_s=float(fields.get("cpu_s", "0")),
        started_at=float(fields["started_at"]) if "started_at" in fields else None,
        finished_at=float(fields["finished_at"]) if "finished_at" in fields else None,
        depth_range=json.loads(fields["depth_range"]) if "depth_range" in fields else None,
        left_out=json.loads(fields.get("left_out", "{}")),
        error=JobError.model_validate_json(fields["error"]) if "error" in fields else None,
        **number,
    )


def _counts(fields: Mapping[str, str]) -> Counts:
    by_code = {
        name.removeprefix(_CODE): int(count)
        for name, count in sorted(fields.items())
        if name.startswith(_CODE) and int(count)
    }
    number = {
        name: int(fields.get(name, "0")) for name in ("total", "succeeded", "failed", "skipped")
    }
    return Counts(by_code=by_code, **number)


def from_pairs(pairs: Sequence[str]) -> RunRecord:
    """Return the record that a script answered as alternating names and values."""
    return from_fields(dict(zip(pairs[::2], pairs[1::2], strict=True)))
