"""A JobRecord as the fields of a Redis hash, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from contract.jobs import JobRecord, JobRequest, JobResult
from contract.states import JobState


def to_fields(record: JobRecord) -> list[str]:
    """Return `record` as alternating names and values."""
    fields = {
        "request": record.request.text,
        "state": record.state.value,
        "attempt": str(record.attempt),
        "version": str(max(1, record.version)),
    }
    if record.started_at is not None:
        fields["started_at"] = repr(record.started_at)
    if record.result is not None:
        fields["result"] = record.result.model_dump_json()
    return [part for field in fields.items() for part in field]


def from_fields(fields: Mapping[str, str]) -> JobRecord:
    """Return the record that a hash holds. `fields` may have others, which are the ledger's own."""
    return JobRecord(
        request=JobRequest.model_validate_json(fields["request"]),
        state=JobState(fields["state"]),
        attempt=int(fields["attempt"]),
        version=int(fields["version"]),
        started_at=float(fields["started_at"]) if "started_at" in fields else None,
        result=JobResult.model_validate_json(fields["result"]) if "result" in fields else None,
    )


def from_pairs(pairs: Sequence[str]) -> JobRecord:
    """Return the record that a script answered as alternating names and values."""
    return from_fields(dict(zip(pairs[::2], pairs[1::2], strict=True)))
