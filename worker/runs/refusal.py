"""Ends a dataset that cannot go on, for a reason that waiting does not mend."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

from contract.datasets import DatasetRecord
from contract.errors import DepthqError
from contract.jobs import JobError
from storage.datasets.files import DatasetObjects
from storage.datasets.store import DatasetStore, Step
from storage.ledger.webhooks import WebhookQueue
from worker.attempts.patience import Patience

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Refusal:
    """One instance per process, many threads. Called by whoever holds one of its steps."""

    ledger: DatasetStore
    files: DatasetObjects
    webhooks: WebhookQueue
    patience: Patience

    def __call__(self, step: Step, record: DatasetRecord, exc: DepthqError) -> None:
        """Fail the dataset; what its shards have done so far stays."""
        present = self.patience(lambda: self.ledger.get(step.dataset_id))
        if present is None or present.state.terminal:  # another shard was faster, or a cancel
            return
        about = {"action": "refuse", "dataset_id": step.dataset_id}
        log.info("refused: %s", exc, extra=about)
        error = JobError(code=exc.code, message=exc.message, retryable=exc.retryable)
        tells = record.request.spec.webhook_url is not None
        if tells:  # before the end, which is then sure to be told
            self.patience(lambda: self.files.owe_call(step.dataset_id))
        self.patience(lambda: self.files.write_refused(step.dataset_id, error))
        if tells:
            self.patience(lambda: self.webhooks.schedule(step.dataset_id, time.time()))
        self.patience(lambda: self.ledger.refuse(step, error))
