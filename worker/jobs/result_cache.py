"""Reuses the result of an equal job: its files are copied instead of computed.

Equal: input bytes, options, weights, engine, precision, and owner. Submissions of one API key are
never revealed to another, not even by timing. Off by default (`DEPTHQ_RESULT_CACHE`): without keys
all callers are one owner. Knows single jobs only; datasets skip duplicates themselves.
"""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Mapping, Sequence

from contract.errors import NotFound, StorageUnavailable
from contract.jobs import JobRequest, JobResult, OutputInfo
from contract.names.object_keys import output_object, result_object
from contract.options import JobOptions
from contract.states import JobState
from storage.jobs.result_index import ResultIndex
from storage.objects.protocol import ObjectStore
from worker.attempts.metrics import RESULT_CACHE
from worker.engines.protocol import EngineInfo

log = logging.getLogger(__name__)

# Increase it when equal options begin to give other files or another range.
FILES_VERSION = 2
# The options that change a file: all but the ones on deadline and webhook.
_OPTIONS = set(JobOptions.model_fields) - {"webhook_url", "deadline_s"}


class ResultCache:
    """Finds and reuses results. Storage errors count as a miss: the cache never fails a job.

    `max_side_px` is the limit that larger images are reduced to: it decides the size of the files.
    """

    def __init__(
        self,
        objects: ObjectStore,
        index: ResultIndex,
        models: Mapping[str, EngineInfo],
        max_side_px: int,
    ) -> None:
        """`models`: those that this process holds, by name."""
        self._objects = objects
        self._index = index
        self._models = models
        self._max_side_px = max_side_px

    def reuse(self, request: JobRequest) -> JobResult | None:
        """Copy an earlier result's files to the job's keys; return that result with these outputs.

        None: there is none (any more), and the job is to be computed.
        """
        try:
            result = self._copied(request)
        except NotFound:  # deleted by its owner, or swept
            result = None
        except StorageUnavailable as exc:
            log.info(
                "result cache not read: %s", exc, extra={"action": "reuse", "job_id": request.id}
            )
            result = None
        RESULT_CACHE.labels(outcome="miss" if result is None else "hit").inc()
        return result

    def remember(self, request: JobRequest) -> None:
        """Record that the job's result is complete, for as long as its files are kept."""
        if not request.input.sha256 or request.expires_at <= time.time() + 1:
            return
        try:
            self._index.remember(self._digest(request), request.id, request.expires_at)
        except StorageUnavailable as exc:
            log.info(
                "result cache not written: %s", exc, extra={"action": "reuse", "job_id": request.id}
            )

    def _digest(self, request: JobRequest) -> str:
        about = self._models[request.options.model]
        names = about.model, about.weights_id, about.engine, about.precision
        return digest(request, (*names, self._max_side_px))

    def _copied(self, request: JobRequest) -> JobResult | None:
        earlier_id = self._index.find(self._digest(request))
        if earlier_id is None or earlier_id == request.id:
            return None
        earlier = JobResult.model_validate_json(self._objects.get(result_object(earlier_id)))
        if earlier.state is not JobState.SUCCEEDED:
            return None
        files = {name: self._objects.get(output.key) for name, output in earlier.outputs.items()}
        if any(_sha256(files[name]) != output.sha256 for name, output in earlier.outputs.items()):
            log.warning("hash differs, not reused", extra={"action": "reuse", "job_id": earlier_id})
            return None
        outputs = {
            name: self._put(request.id, name, files[name], output)
            for name, output in earlier.outputs.items()
        }
        return earlier.model_copy(update={"id": request.id, "outputs": outputs})

    def _put(self, job_id: str, name: str, data: bytes, output: OutputInfo) -> OutputInfo:
        key = output_object(job_id, name, output.key.rpartition(".")[2])
        self._objects.put(key, data, media_type=output.media_type)
        return output.model_copy(update={"key": key})


def digest(request: JobRequest, computed_by: Sequence[str | int]) -> str:
    """Return the digest of everything that decides the job's files, and of its owner."""
    options = request.options.model_dump(mode="json", include=_OPTIONS)
    options["outputs"] = sorted(options["outputs"])
    parts = [FILES_VERSION, request.owner, request.input.sha256, options, list(computed_by)]
    return _sha256(json.dumps(parts, sort_keys=True).encode())


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
