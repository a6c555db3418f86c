"""A `webhook_url` that could never be called is refused at submit, of jobs and datasets alike."""

from __future__ import annotations

import json

import pytest

from contract.documents import Problem
from tests.unit.api.fakes import jpeg

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
IMPOSSIBLE = [
    "http://10.0.0.1/hook", "http://127.0.0.1/", "http://[::1]/", "http://localhost/",
    "http://2130706433/", "http://receiver/", "http://u@example.org/", "http://u@h/",
    "https://example.org:8443/", "ftp://example.org/", "http://nas.local/",
]  # fmt: skip


@pytest.fixture
def post(tmp_path, make_api):
    """Submits a job or a dataset with that URL; returns the answer and what was kept."""
    folder = tmp_path / "buckets" / "photos" / "cats"
    folder.mkdir(parents=True)
    (folder / "a.jpg").write_bytes(b"an image")

    def submit(kind, url, **settings):
        api = make_api(dataset_buckets=("photos",), **{"webhook_secret": SECRET} | settings)
        if kind == "job":
            answer = api.client.post(
                "/v1/jobs",
                data=jpeg(),
                content_type="image/jpeg",
                query_string={"webhook_url": url},
            )
        else:
            spec = {"prefix": "s3://photos/cats/", "webhook_url": url}
            answer = api.client.post("/v1/datasets", json=spec)
        return answer, api.kept()

    return submit


@pytest.mark.parametrize("kind", ["job", "dataset"])
@pytest.mark.parametrize("url", IMPOSSIBLE)
def test_a_receiver_that_is_never_called_is_refused_by_name_and_nothing_is_kept(post, kind, url):
    answer, kept = post(kind, url)
    problem = Problem.model_validate_json(answer.data)
    assert (problem.status, problem.code) == (400, "invalid_request")
    assert [each.field for each in problem.errors] == ["webhook_url"]
    assert kept == []


@pytest.mark.parametrize("kind", ["job", "dataset"])
def test_a_webhook_that_could_not_be_signed_is_refused_by_name(post, kind):
    answer, kept = post(kind, "https://example.org/", webhook_secret=None)
    problem = Problem.model_validate_json(answer.data)
    assert [each.field for each in problem.errors] == ["webhook_url"]
    assert "DEPTHQ_WEBHOOK_SECRET" in problem.detail
    assert kept == []


@pytest.mark.parametrize("kind", ["job", "dataset"])
@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://example.org/hook", ""),
        ("http://10.0.0.1/hook", "10.0.0.0/8"),
        ("http://receiver:8080/hook", "10.9.0.0/16, receiver:8080"),
    ],
)
def test_public_receivers_and_listed_ones_are_taken(post, kind, url, allowed):
    answer, kept = post(kind, url, webhook_allow=allowed)
    assert answer.status_code == 202
    document = json.loads(answer.data)
    assert document["options" if kind == "job" else "spec"]["webhook_url"] == url
    assert kept
