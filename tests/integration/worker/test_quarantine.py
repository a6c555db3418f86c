from __future__ import annotations

import json

import pytest

from contract.errors import NotFound
from contract.ids import new_id
from contract.jobs import InputInfo, JobRecord, JobRequest, JobResult
from contract.names.object_keys import REQUEST_METADATA, input_object, poisoned_mark, result_object
from contract.names.queues import Lane, queue_name
from contract.settings import Settings
from contract.states import JobState
from storage.objects.marks import set_mark
from storage.objects.open import open_job_store, open_object_store
from worker.jobs.outcome import store_results
from worker.quarantine import Quarantine, main


@pytest.fixture
def quarantine(redis_url, tmp_path, monkeypatch) -> Quarantine:
    monkeypatch.setenv("DEPTHQ_REDIS_URL", redis_url)
    monkeypatch.setenv("DEPTHQ_DATA_DIR", str(tmp_path))
    settings = Settings()
    return Quarantine(settings, open_job_store(settings), open_object_store(settings))


def poisoned_job(quarantine: Quarantine) -> str:
    request = JobRequest(
        id=new_id(),
        created_at=1.0,
        expires_at=4e9,
        input=InputInfo(media_type="image/png", bytes=1, sha256="ab", width=1, height=1),
    )
    metadata = {REQUEST_METADATA: request.model_dump_json(exclude_none=True)}
    quarantine.objects.put(
        input_object(request.id), b"x", media_type="image/png", metadata=metadata
    )
    quarantine.jobs.create(JobRecord(request=request))
    quarantine.jobs.claim(request.id, "w", 60)
    result = JobResult(
        id=request.id,
        state=JobState.FAILED,
        attempt=1,
        finished_at=2.0,
        error={"code": "poisoned", "message": "failed 3 times", "retryable": False},
    )
    set_mark(quarantine.objects, poisoned_mark(request.id))
    store_results(quarantine.objects, [result])
    assert quarantine.jobs.finish(result)
    quarantine.jobs.quarantine(request.id)
    return request.id


def test_what_was_set_aside_is_listed_with_its_reason(quarantine, capsys):
    job_id = poisoned_job(quarantine)
    assert main(["list"]) == 0
    [entry] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (entry["id"], entry["error"]) == (job_id, "failed 3 times")


def test_a_released_job_is_as_new_and_has_a_message(quarantine, redis):
    job_id = poisoned_job(quarantine)
    assert main(["release", job_id]) == 0
    record = quarantine.jobs.get(job_id)
    assert (record.state, record.attempt, record.result) == (JobState.QUEUED, 0, None)
    assert quarantine.jobs.quarantined() == []
    assert redis.llen(queue_name(Lane.INTERACTIVE)) == 1
    for key in (result_object(job_id), poisoned_mark(job_id)):
        with pytest.raises(NotFound):
            quarantine.objects.get(key)


def test_an_unknown_job_is_said_to_be_unknown(quarantine, capsys):
    assert main(["release", new_id()]) == 1
    assert "there is no job" in capsys.readouterr().err
