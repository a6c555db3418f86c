"""Text and sound are served as what they are, as attachments that nothing sniffs."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from api.wsgi import create_app
from contract.ids import new_id
from contract.jobs import InputInfo, JobRecord, JobRequest, JobResult, OutputInfo
from contract.options import JobOptions
from contract.outputs.registry import output_of
from contract.settings import Settings
from contract.states import JobState
from tests.services.memory_store import MemoryStore

FILES = [
    ("description", {}, "txt", "text/plain; charset=utf-8"),
    ("description", {"detail": "json"}, "json", "application/json"),
    ("speech", {}, "wav", "audio/wav"),
    ("sonify", {"audio_format": "opus"}, "ogg", "audio/ogg; codecs=opus"),
]


def finished(name: str, media_type: str, key: str, data: bytes) -> JobRecord:
    info = InputInfo(media_type="image/png", bytes=9, sha256="0" * 64, width=4, height=3)
    now = time.time()
    request = JobRequest(id=new_id(), created_at=now, expires_at=now + 60, input=info)
    made = OutputInfo(
        key=key, media_type=media_type, width=None, height=None, bytes=len(data), sha256="1" * 64
    )
    result = JobResult(
        id=request.id, state=JobState.SUCCEEDED, attempt=1, finished_at=now, outputs={name: made}
    )
    return JobRecord(request=request, state=JobState.SUCCEEDED, attempt=1, result=result)


@pytest.mark.parametrize(("name", "options", "extension", "media_type"), FILES)
def test_an_output_that_is_no_picture_is_served_as_declared(name, options, extension, media_type):
    kind = output_of(name).file_type(JobOptions(outputs=(name,), **options))
    assert (kind.extension, kind.media_type) == (extension, media_type)
    data, key = "有一处突出。<script>".encode(), f"jobs/x/{name}.{extension}"
    store = MemoryStore()
    store.put(key, data, media_type=media_type)
    record = finished(name, media_type, key, data)
    jobs = SimpleNamespace(get=lambda job_id: record, changes=None, endings=None)
    app = create_app(Settings(), store, jobs, SimpleNamespace(live=list), None, None, None)
    answer = app.test_client().get(
        f"/v1/jobs/{record.id}/outputs/{name}", headers={"Accept": media_type.partition(";")[0]}
    )
    assert (answer.status_code, answer.data) == (200, data)
    assert answer.headers["Content-Type"] == media_type
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"] == (
        f'attachment; filename="{record.id}.{name}.{extension}"'
    )
