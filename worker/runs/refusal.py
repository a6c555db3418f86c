"""Ends a dataset that cannot continue, for a permanent reason."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

from contract.errors import DepthqError
from contract.jobs import JobError
from contract.runs import RunRecord
from storage.runs.files import RunObjects
from storage.runs.store import Step
from worker.attempts.patient import PatientLedger, PatientWebhooks

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Refusal:
    """One instance per process, many threads. The caller holds one of the dataset's steps."""

    ledger: PatientLedger
    files: RunObjects
    webhooks: PatientWebhooks

    def __call__(self, step: Step, record: RunRecord, exc: DepthqError) -> None:
        """Fail the dataset; results of its shards stay."""
        present = self.ledger.get(step.dataset_id)
        if present is None or present.state.terminal:  # ended by another shard, or canceled
            return
        about = {"action": "refuse", "dataset_id": step.dataset_id}
        log.info("refused: %s", exc, extra=about)
        error = JobError(code=exc.code, message=exc.message, retryable=exc.retryable)
        tells = record.request.spec.webhook_url is not None
        if tells:  # before the end, so that the webhook is certain
            self.files.mark_call_due(step.dataset_id)
        self.files.write_refused(step.dataset_id, error)
        if tells:
            self.webhooks.schedule(step.dataset_id, time.time())
        self.ledger.refuse(step, error)
