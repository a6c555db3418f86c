"""The accept stage of datasets: their own checks, then that of every run."""

from __future__ import annotations

from functools import partial

from api.runs.accept import Submission, accept_run
from api.services import Services
from contract.runs import RunRequest
from storage.runs.preflight import check_spec


def accept_dataset(parts: Services, submission: Submission) -> RunRequest:
    """Check, keep and enqueue; return the request (an older one if this is a replay).

    Raises InvalidRequest, ModelNotServed or Conflict, and StorageUnavailable, after which nothing
    is kept.
    """
    buckets = parts.buckets.of(submission.owner)
    has_archive = submission.upload is not None
    check = partial(check_spec, submission.spec, buckets, parts.objects, archive=has_archive)
    return accept_run(parts, submission, check)
