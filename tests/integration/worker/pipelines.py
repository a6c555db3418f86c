"""A pipeline on a real Redis whose computer and store are the test's."""

from __future__ import annotations

from typing import Any

from redis import Redis

from storage.jobs.store import JobStore
from storage.ledger.webhooks import WebhookQueue
from storage.objects.protocol import ObjectStore
from worker.attempts.isolation import Isolation
from worker.attempts.leases import Leases
from worker.attempts.patience import Patience
from worker.attempts.patient import PatientJobs, PatientObjects, PatientWebhooks
from worker.jobs.ending import Ending
from worker.jobs.failures import Failures
from worker.jobs.pipeline import Pipeline
from worker.jobs.result_cache import ResultCache


def make_pipeline(
    redis: Redis,
    jobs: JobStore,
    objects: ObjectStore,
    computer: Any,
    cache: ResultCache | None = None,
) -> Pipeline:
    """Return a pipeline with little patience."""
    leases, patience = Leases(jobs, 5.0), Patience(limit_s=0.3)
    patient_objects = PatientObjects(objects, patience)
    patient_jobs = PatientJobs(jobs, patience)
    webhooks = PatientWebhooks(WebhookQueue(redis), patience)
    ending = Ending(patient_objects, patient_jobs, webhooks, leases, lease_s=5.0)
    return Pipeline(
        objects=patient_objects,
        jobs=patient_jobs,
        ending=ending,
        computer=computer,
        leases=leases,
        isolation=Isolation(),
        worker="tester",
        lease_s=5.0,
        max_attempts=3,
        failures=Failures(patient_objects, patient_jobs, ending, max_attempts=3),
        cache=cache,
    )
