"""Ends a job: its outputs exist already, `result.json` is written next, and the state last."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

from contract.errors import NotFound
from contract.jobs import JobRecord, JobResult
from contract.names.object_keys import idempotency_marks, input_object, job_prefix, webhook_mark
from contract.states import JobState
from storage.objects.marks import set_mark
from worker.attempts.leases import Leases
from worker.attempts.metrics import count_outcome
from worker.attempts.patient import PatientJobs, PatientObjects, PatientWebhooks
from worker.jobs.outcome import store_results

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Ending:
    """Finishes jobs whose lease this process holds. Its stores wait, then raise
    StorageUnavailable.
    """

    objects: PatientObjects
    jobs: PatientJobs
    webhooks: PatientWebhooks
    leases: Leases
    lease_s: float

    def end(self, record: JobRecord, result: JobResult) -> bool:
        """Write `result.json`, then the final state; False: this process lost the job."""
        written = self.write([(record, result)])
        return bool(written) and self.ended(result, self.jobs.finish(result))

    def write(self, endings: Sequence[tuple[JobRecord, JobResult]]) -> list[JobResult]:
        """Write each `result.json`, together; return those written, whose states must follow.

        Left out are the jobs that this process lost. The outputs exist already. A process that was
        frozen and lost a job must not overwrite the other's result. The state has a fence, objects
        have none, so in doubt the ledger is asked once more.
        """
        ours = [(record, result) for record, result in endings if self._ours(record)]
        tell = [r.id for r, _ in ours if r.request.options.webhook_url is not None]
        for job_id in tell:  # before the result: a reader of the result then finds the mark
            set_mark(self.objects, webhook_mark(job_id))
        results = [result for _, result in ours]
        store_results(self.objects, results)
        for job_id in tell:  # before the state: a crash in between loses no webhook
            self.webhooks.schedule(job_id, time.time())
        return results

    def _ours(self, record: JobRecord) -> bool:
        if self.leases.sure(record.id) or not self._lost(record):
            return True
        log.info("dropped, not ours any more", extra={"action": "end", "job_id": record.id})
        self.clear_up(record.id)
        return False

    def ended(self, result: JobResult, held: bool) -> bool:
        """Count the job whose state was set, or remove its files if it was no longer `held`."""
        if held:
            count_outcome(result.state, result.error.code if result.error else "")
        else:
            self.clear_up(result.id)
        return held

    def clear_up(self, job_id: str) -> None:
        """Remove what was written for a job that was canceled or deleted meanwhile.

        A deletion lists the job's folder once; a worker removes itself what it writes later.
        Without a record but with its input the job was not deleted: Redis was wiped, and these
        files are what it is rebuilt from. What another attempt holds or has ended stays, too.
        """
        now = self.jobs.get(job_id)
        canceled = now is not None and now.state is JobState.CANCELED
        if canceled or (now is None and self._deleted(job_id)):
            self.objects.delete(self._written(job_id))

    def _lost(self, record: JobRecord) -> bool:
        claim = (record.id, record.attempt)
        return bool(self.jobs.renew([claim], self.lease_s))

    def _written(self, job_id: str) -> list[str]:
        """Return the keys of what workers write: all but the input and the API's marks."""
        folder = job_prefix(job_id)
        apis = (input_object(job_id), idempotency_marks(folder))
        keys = (info.key for info in self.objects.list(folder))
        return [key for key in keys if not key.startswith(apis)]

    def _deleted(self, job_id: str) -> bool:
        try:
            self.objects.head(input_object(job_id))
        except NotFound:
            return True
        return False
