"""Rebuilds job records from the object store alone, after Redis lost them."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from pydantic import ValidationError

from contract.errors import NotFound
from contract.ids import is_id
from contract.jobs import JobRecord, JobRequest, JobResult
from contract.names.object_keys import REQUEST_METADATA, input_object, result_object
from contract.states import JobState
from storage.objects.protocol import ObjectStore

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class JobFolder:
    """A job's folder in a listing: the names of its objects, and when each was written (s)."""

    job_id: str
    names: Mapping[str, float]

    @property
    def accepted(self) -> bool:
        """Whether its input is there."""
        return _name(input_object(self.job_id)) in self.names

    @property
    def ended(self) -> bool:
        """Whether its result is there."""
        return _name(result_object(self.job_id)) in self.names


def rebuild(store: ObjectStore, job_id: str) -> JobRecord | None:
    """Return the record as storage tells it: queued, or ended if there is a `result.json`.

    None: the job has no input, or its input does not say what was asked. The version is the present
    second, so that it differs from every one a client saw before. Raises StorageUnavailable.
    """
    request = _request(store, job_id)
    if request is None:
        return None
    version = int(time.time())
    result = _result(store, job_id)
    if result is None:
        return JobRecord(request=request, version=version)
    return JobRecord(
        request=request,
        state=result.state,
        attempt=result.attempt,
        version=version,
        started_at=result.started_at,
        result=result,
    )


def job_folders(store: ObjectStore, since_day: date) -> Iterator[JobFolder]:
    """Yield the folders of jobs accepted on `since_day` (UTC) or later, from one listing."""
    objects = store.list("jobs/", start_after=since_day.strftime("jobs/%Y/%m/%d"))
    for folder, infos in groupby(objects, key=lambda info: info.key.rpartition("/")[0]):
        job_id = folder.rpartition("/")[2]
        names = {info.key.rpartition("/")[2]: info.modified_at for info in infos}
        if is_id(job_id) and input_object(job_id).startswith(f"{folder}/"):
            yield JobFolder(job_id, names)


def unfinished(store: ObjectStore, folder: JobFolder) -> JobRecord | None:
    """Return the job's record if it was accepted and has not ended; reads nothing of other jobs."""
    if not folder.accepted or folder.ended:
        return None
    record = rebuild(store, folder.job_id)
    return None if record is None or record.state.terminal else record


def _request(store: ObjectStore, job_id: str) -> JobRequest | None:
    try:
        metadata = store.head(input_object(job_id)).metadata
        request = JobRequest.model_validate_json(metadata[REQUEST_METADATA])
    except NotFound:
        return None
    except (KeyError, ValidationError):
        _log.exception("input without a readable request", extra=_about(job_id))
        return None
    if request.id != job_id:
        _log.error("input holds the request of %s", request.id, extra=_about(job_id))
        return None
    return request


def _result(store: ObjectStore, job_id: str) -> JobResult | None:
    try:
        result = JobResult.model_validate_json(store.get(result_object(job_id)))
    except NotFound:
        return None
    except ValidationError:
        _log.exception("unreadable result.json: the job runs again", extra=_about(job_id))
        return None
    if result.state in (JobState.QUEUED, JobState.RUNNING):
        _log.error("result.json of a job that has not ended", extra=_about(job_id))
        return None
    return result


def _name(key: str) -> str:
    return key.rpartition("/")[2]


def _about(job_id: str) -> dict[str, str]:
    return {"action": "recover", "job_id": job_id}
