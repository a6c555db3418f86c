"""Keys: who may call, and whose job it is."""

from __future__ import annotations

import pytest

from api.callers.failed_logins import MAX_FAILURES
from contract.jobs import JobRequest
from contract.names.object_keys import REQUEST_METADATA, input_object
from tests.unit.api.fakes import jpeg


@pytest.fixture
def api(make_api):
    return make_api(api_keys="anna,bert")


def call(api, method, path, key=None, **more):
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return api.client.open(path, method=method, headers=headers, **more)


def submit(api, key):
    return call(api, "POST", "/v1/jobs", key, data=jpeg(), content_type="image/jpeg")


@pytest.mark.parametrize(
    "header", [None, "Bearer", "Bearer ", "Bearer wrong", "Basic anna", "anna"]
)
def test_without_a_valid_key_nothing_under_v1_answers(api, header):
    headers = {"Authorization": header} if header else {}
    for path in ("/v1/models", "/v1/jobs/20260101-aaaaaaaaaaaaaaaaaaaaaaaaaa", "/v1/nothing"):
        answer = api.client.get(path, headers=headers)
        assert (answer.status_code, answer.json["code"]) == (401, "unauthorized")
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_job_belongs_to_the_key_that_made_it(api):
    answer = submit(api, "anna")
    url = answer.headers["Location"]
    assert call(api, "GET", url, "anna").status_code == 200
    for method, path in (
        ("GET", url), ("DELETE", url), ("GET", f"{url}/events"), ("GET", f"{url}/outputs/depth"),
    ):  # fmt: skip
        assert call(api, method, path, "bert").status_code == 404


def test_the_key_itself_is_stored_nowhere(api, redis):
    job_id = submit(api, "anna").json["id"]
    text = api.parts.objects.head(input_object(job_id)).metadata[REQUEST_METADATA]
    assert "anna" not in text
    assert len(JobRequest.model_validate_json(text).owner) == 64
    assert "owner" not in call(api, "GET", f"/v1/jobs/{job_id}", "anna").json


def test_the_same_idempotency_key_of_another_owner_is_another_job(api):
    ids = set()
    for key in ("anna", "bert"):
        headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "k"}
        answer = api.client.post(
            "/v1/jobs", data=jpeg(), content_type="image/jpeg", headers=headers
        )
        ids.add(answer.json["id"])
    assert len(ids) == 2


@pytest.mark.parametrize(
    "path", ["/healthz", "/readyz", "/metrics", "/version", "/openapi.json", "/docs"]
)
def test_what_holds_no_job_is_open(api, path):
    assert api.client.get(path).status_code == 200


def test_wrong_keys_without_end_have_to_wait(api):
    answers = [
        call(api, "GET", "/v1/models", f"guess-{number}") for number in range(MAX_FAILURES + 1)
    ]
    assert [answer.status_code for answer in answers] == [401] * MAX_FAILURES + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert answers[-1].json["code"] == "overloaded"
