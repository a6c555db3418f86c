"""The job store: ledger, indices, idempotency keys and change feed over one Redis client."""

from __future__ import annotations

from storage.changes import ChangeFeed
from storage.idempotency import Idempotency
from storage.job_indices import Backlog, JobIndices
from storage.job_ledger import Claim, JobLedger
from storage.pressure import MemoryPressure

__all__ = ["Backlog", "Claim", "JobStore"]


class JobStore(JobLedger, JobIndices, Idempotency, ChangeFeed, MemoryPressure):
    """All that the rooms know of jobs in Redis. Safe to share between threads."""
