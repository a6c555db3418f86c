"""The accept stage: what is written, in which order, and what a fault leaves behind."""

from __future__ import annotations

import pytest

from api.jobs.accept import find
from contract.errors import (
    Conflict,
    ImageTooLarge,
    InvalidRequest,
    StorageUnavailable,
    UnsupportedMediaType,
)
from contract.jobs import JobRequest
from contract.names.object_keys import (
    REQUEST_METADATA,
    idempotency_mark,
    input_object,
    job_prefix,
    read_idempotency_mark,
)
from tests.unit.api.fakes import Steps, jpeg, parts, submit


def kept(api):
    return [info.key for info in api.objects.list("")]


def test_input_comes_before_record_and_record_before_message():
    steps = Steps()
    submit(parts(steps))
    assert steps.taken == ["put", "create", "enqueue"]


def test_the_input_carries_the_request_so_that_storage_alone_can_rebuild_the_job():
    api = parts(Steps())
    record = submit(api, size="model", webhook_url=None)
    metadata = api.objects.head(input_object(record.id)).metadata
    assert metadata[REQUEST_METADATA].isascii()
    assert len(metadata[REQUEST_METADATA]) < 2000
    assert JobRequest.model_validate_json(metadata[REQUEST_METADATA]) == record.request


def test_the_longest_webhook_still_fits_the_metadata():
    api = parts(Steps(), webhook_secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    url = "https://a.example/" + "a" * 482
    record = submit(api, webhook_url=url)
    assert api.jobs.get(record.id).request.options.webhook_url == url


def test_a_failed_put_leaves_nothing():
    api = parts(steps := Steps("put"))
    with pytest.raises(StorageUnavailable):
        submit(api)
    assert steps.taken == ["put"]
    assert kept(api) == []
    assert api.jobs.records == {}


def test_a_failed_record_takes_the_input_back():
    api = parts(steps := Steps("create"))
    with pytest.raises(StorageUnavailable):
        submit(api)
    assert steps.taken == ["put", "create", "delete input"]
    assert kept(api) == []


def test_a_failed_record_with_a_key_leaves_the_input_to_the_replay():
    # Given: another request with the same key may just have had a 202 for the same input object
    api = parts(steps := Steps("create"))
    with pytest.raises(StorageUnavailable):
        submit(api, key="k")
    assert "delete input" not in steps.taken
    # When the client tries again
    steps.failing = ""
    record = submit(api, key="k")
    # Then it is the same job, once
    assert [key for key in kept(api) if key.endswith("/input")] == [input_object(record.id)]


def test_a_failed_message_is_no_reason_to_refuse_because_the_reconciler_enqueues():
    api = parts(Steps("enqueue"))
    record = submit(api)
    assert api.jobs.get(record.id) == record
    assert kept(api) == [input_object(record.id)]


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", InvalidRequest),
        (b"just some text", UnsupportedMediaType),
        (jpeg(200, 200), ImageTooLarge),
        (b"%PDF-1.7 ...", UnsupportedMediaType),
    ],
)
def test_a_refused_image_touches_nothing(data, error):
    api = parts(steps := Steps(), max_pixels=100 * 100)
    with pytest.raises(error):
        submit(api, data)
    assert steps.taken == []


def test_a_webhook_without_a_secret_to_sign_with_is_refused():
    with pytest.raises(InvalidRequest, match="webhook_url"):
        submit(parts(Steps()), webhook_url="https://example.org/hook")


def test_the_same_key_and_input_is_the_same_job():
    api = parts(steps := Steps())
    first, second = submit(api, key="k"), submit(api, key="k")
    assert first.id == second.id
    assert steps.taken == ["remember", "put", "put", "create", "enqueue", "remember"]


def test_the_key_is_marked_in_storage_before_the_input_and_shows_nothing_of_its_text():
    api = parts(steps := Steps())
    puts = []
    put = api.objects.put
    api.objects.put = lambda key, *rest, **more: (puts.append(key), put(key, *rest, **more))
    record = submit(api, key="my-secret-order-number")
    assert len(steps.taken) == 5
    mark, last = puts
    assert last == input_object(record.id)
    digest, (job_id, fingerprint) = next(iter(api.jobs.keys.items()))
    assert job_id == record.id
    assert mark == idempotency_mark(job_prefix(record.id), digest, fingerprint)
    assert read_idempotency_mark(mark.rpartition("/")[2]) == (digest, fingerprint)
    assert "order" not in mark


def test_the_same_key_with_other_options_is_a_conflict():
    api = parts(Steps())
    submit(api, key="k")
    with pytest.raises(Conflict):
        submit(api, key="k", size="model")


def test_a_replay_finishes_what_the_first_sender_began():
    # Given a first sender who died between the key and the record
    api = parts(steps := Steps("put"))
    with pytest.raises(StorageUnavailable):
        submit(api, key="k")
    steps.failing = ""
    # When
    record = submit(api, key="k")
    # Then
    assert [record.id] == list(api.jobs.records)
    assert [job_id for job_id, _ in api.jobs.keys.values()] == [record.id]


def test_a_record_that_redis_lost_is_rebuilt_and_enqueued():
    api = parts(steps := Steps())
    record = submit(api)
    api.jobs.records.clear()
    steps.taken.clear()
    found = find(api, record.id)
    assert found is not None
    assert found.request == record.request
    assert steps.taken == ["create", "enqueue"]


def test_a_header_behind_much_metadata_is_found():
    app1 = b"\xff\xe1\xff\xff" + b"\0" * 65533
    plain = jpeg()
    submit(parts(Steps()), plain[:2] + app1 * 3 + plain[2:])
