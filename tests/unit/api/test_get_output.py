"""Outputs of stores that have URLs of their own."""

from __future__ import annotations

import time
from types import SimpleNamespace

from api.services import EXTENSION
from api.wsgi import create_app
from contract.ids import new_id
from contract.jobs import InputInfo, JobRecord, JobRequest, JobResult, OutputInfo
from contract.settings import Settings
from contract.states import JobState
from tests.services.memory_store import MemoryStore


class PresigningStore(MemoryStore):
    def presign(self, key, *, expires_s, filename):
        return f"https://s3.example.org/{key}?expires={expires_s}&name={filename}"


def finished() -> JobRecord:
    info = InputInfo(media_type="image/png", bytes=9, sha256="0" * 64, width=4, height=3)
    now = time.time()
    request = JobRequest(id=new_id(), created_at=now, expires_at=now + 60, input=info)
    made = OutputInfo(
        key="jobs/x/depth.png", media_type="image/png", width=4, height=3, bytes=1, sha256="1" * 64
    )
    result = JobResult(
        id=request.id, state=JobState.SUCCEEDED, attempt=1, finished_at=now, outputs={"depth": made}
    )
    return JobRecord(request=request, state=JobState.SUCCEEDED, attempt=1, result=result)


def app_with(record: JobRecord, **settings):
    jobs = SimpleNamespace(get=lambda job_id: record, changes=None, endings=None)
    return create_app(
        Settings(**settings), PresigningStore(), jobs, SimpleNamespace(live=list), None, None, None
    )


def test_an_output_in_s3_is_a_redirect_that_is_not_cached():
    record = finished()
    answer = app_with(record).test_client().get(f"/v1/jobs/{record.id}/outputs/depth")
    assert answer.status_code == 302
    assert answer.headers["Location"] == (
        f"https://s3.example.org/jobs/x/depth.png?expires=3600&name={record.id}.depth.png"
    )
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_head_of_an_output_in_s3_is_answered_for_a_presigned_url_takes_only_get():
    record = finished()
    app = app_with(record)
    path = f"/v1/jobs/{record.id}/outputs/depth"
    assert app.test_client().head(path).status_code == 404
    app.extensions[EXTENSION].objects.put("jobs/x/depth.png", b"1", media_type="image/png")
    answer = app.test_client().head(path)
    assert (answer.status_code, answer.content_length, answer.data) == (200, 1, b"")
    assert answer.headers["ETag"] == f'"{"1" * 64}"'


def test_the_page_may_show_and_fetch_what_the_store_redirects_to():
    app = app_with(
        finished(), s3_bucket="photos", s3_public_endpoint_url="https://s3.example.org:9000/x"
    )
    policy = app.test_client().get("/healthz").headers["Content-Security-Policy"]
    assert "img-src 'self' blob: data: https://s3.example.org:9000;" in policy
    assert "connect-src 'self' https://s3.example.org:9000;" in policy


def test_links_follow_the_public_url():
    record = finished()
    app = app_with(record, public_url="https://depth.example.org/")
    job = app.test_client().get(f"/v1/jobs/{record.id}").json
    assert job["links"]["self"] == f"https://depth.example.org/v1/jobs/{record.id}"
    assert app.extensions[EXTENSION].settings.public_url


def test_the_page_may_show_and_fetch_from_every_region_of_aws():
    app = app_with(finished(), s3_bucket="photos")
    policy = app.test_client().get("/healthz").headers["Content-Security-Policy"]
    assert "connect-src 'self' https://*.amazonaws.com https://*.amazonaws.com.cn;" in policy


def test_an_app_has_one_view_of_its_load(monkeypatch):
    built = []
    monkeypatch.setattr("api.wsgi.Capacity", lambda *args: built.append(args))
    app_with(finished())
    assert len(built) == 1
