"""A dataset that cannot be kept leaves nothing behind, and says whether to try again."""

from __future__ import annotations

import io

import pytest

from contract.errors import StorageRefused, StorageUnavailable
from storage.objects.s3_answers import refusal

AWAY = StorageUnavailable("S3 answers 503 SlowDown for datasets/x/secret-key")
DENIED = StorageRefused("S3 answers 403 AccessDenied for dataset-list/x", refusal("AccessDenied"))


def submit(api, query="", **headers):
    form = {"archive": (io.BytesIO(b"PK" * 5000), "x.zip")}
    return api.client.post(f"/v1/datasets{query}", data=form, headers=headers)


def refuse(monkeypatch, api, part, error):
    """Have the store refuse to write keys with `part` in them."""
    put = api.parts.objects.put

    def refusing(key, data, **about):
        if part in key:
            raise error
        put(key, data, **about)

    monkeypatch.setattr(api.parts.objects, "put", refusing)


@pytest.mark.parametrize("error", [AWAY, DENIED])
def test_whatever_cannot_be_written_nothing_of_it_is_kept(api, monkeypatch, error):
    for query, headers, part in (
        ("", {}, "dataset-list/"),
        ("", {}, "dataset.json"),
        ("", {}, "archive"),
        ("?dry_run=1", {}, "dataset.json"),
        ("", {"Idempotency-Key": "one"}, "dataset-list/"),
        ("", {"Idempotency-Key": "two"}, "idempotency-"),
    ):
        with monkeypatch.context() as patch:
            refuse(patch, api, part, error)
            answer = submit(api, query, **headers)
        assert answer.status_code >= 500, answer.text
        assert [key for key in api.kept() if "idempotency-" not in key] == [], (query, part)


def test_a_submission_that_was_refused_is_accepted_when_it_is_sent_again(api, monkeypatch):
    key = {"Idempotency-Key": "one"}
    with monkeypatch.context() as patch:
        refuse(patch, api, "dataset-list/", AWAY)
        assert submit(api, **key).status_code == 503
    again = submit(api, **key)
    assert again.status_code == 202
    assert submit(api, **key).json["id"] == again.json["id"]
    assert api.parts.files.request(again.json["id"]).archive in api.kept()


def test_under_a_key_only_what_may_be_there_is_kept_for_the_replay(api, monkeypatch):
    for error, kept in ((DENIED, 0), (AWAY, 1)):
        with monkeypatch.context() as patch:
            refuse(patch, api, "dataset.json", error)
            assert submit(api, **{"Idempotency-Key": f"{kept}"}).status_code >= 500
        assert sum("/archive" in key for key in api.kept()) == kept


def test_a_sender_that_is_refused_takes_nothing_from_the_one_that_was_not(api, monkeypatch):
    # Given a sender whose key is sent again by another while its own archive is being written
    key, write = {"Idempotency-Key": "one"}, api.parts.objects.put
    with monkeypatch.context() as patch:

        def slow(name, data, **about):
            patch.setattr(api.parts.objects, "put", write)
            answers.append(submit(api, **key))
            raise AWAY

        answers: list = []
        patch.setattr(api.parts.objects, "put", slow)
        refused = submit(api, **key)
    # Then what the other was promised is there
    assert (refused.status_code, answers[0].status_code) == (503, 202)
    assert api.parts.files.request(answers[0].json["id"]).archive in api.kept()


def test_what_the_ledger_refuses_is_forgotten_unless_a_replay_may_have_it(api, monkeypatch):
    def refusing(_record):
        raise StorageUnavailable("Redis is away")

    monkeypatch.setattr(api.parts.datasets, "create", refusing)
    assert submit(api).status_code == 503
    assert api.kept() == []
    assert submit(api, **{"Idempotency-Key": "one"}).status_code == 503
    assert any(key.endswith("/dataset.json") for key in api.kept())


def test_a_store_that_denies_access_is_not_told_as_an_outage(api, monkeypatch, caplog):
    refuse(monkeypatch, api, "dataset-list/", DENIED)
    answer = submit(api)
    assert (answer.status_code, answer.json["code"]) == (500, "storage_refused")
    assert answer.json["retryable"] is False
    assert "Retry-After" not in answer.headers
    assert "dataset-list" not in answer.text
    assert "403 AccessDenied for dataset-list/x" in caplog.text
