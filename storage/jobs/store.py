"""The job store: ledger, indices, idempotency keys and change feed over one Redis client."""

from __future__ import annotations

from storage.callers.idempotency import Idempotency
from storage.jobs.indices import Backlog, JobIndices
from storage.jobs.ledger import Claim, JobLedger
from storage.ledger.changes import ChangeFeed
from storage.ledger.pressure import MemoryPressure

__all__ = ["Backlog", "Claim", "JobStore"]


class JobStore(JobLedger, JobIndices, Idempotency, ChangeFeed, MemoryPressure):
    """Every operation on jobs in Redis. Safe to share between threads."""
