"""Objects put together: one request where the server unpacks it, one each where it does not."""

from __future__ import annotations

import pytest

from contract.errors import NotFound
from storage.objects import s3_lean
from storage.objects.protocol import NewObject
from storage.objects.s3_lean import LeanS3Store
from storage.objects.together import ASK_AGAIN_S, CARRIER, GOOD_FOR_S, Unpacking
from tests.conftest import new_bucket

FILES = [
    NewObject("jobs/a/depth.png", b"depth", "image/png"),
    NewObject("jobs/b/heatmap.jpg", b"map", "image/jpeg"),
]


@pytest.fixture
def settings(s3):
    if s3.name != "minio":
        pytest.skip("no MinIO")
    return s3.settings(new_bucket())


@pytest.fixture
def store(settings):
    return LeanS3Store.from_settings(settings)


@pytest.fixture
def elsewhere(versitygw):
    """A store on a server that does not unpack."""
    return LeanS3Store.from_settings(versitygw.settings(new_bucket()))


@pytest.fixture
def puts(monkeypatch):
    """The keys of all requests that put something."""
    seen = []
    put = s3_lean.obstore.put

    def note(store, key, data, **options):
        seen.append(key)
        return put(store, key, data, **options)

    monkeypatch.setattr(s3_lean.obstore, "put", note)
    return seen


def kept(store):
    return {each.key: store.get(each.key) for each in FILES}


WHOLE = {each.key: each.data for each in FILES}


def test_a_server_that_unpacks_gets_one_request_once_that_is_known(store, puts):
    store.put_all(FILES)
    del puts[:]
    store.put_all(FILES)
    assert puts == [CARRIER]
    assert kept(store) == WHOLE
    assert store.get(CARRIER) == b""


def test_trying_it_out_leaves_nothing_but_the_carrier(store):
    store.put_all(FILES)
    assert [info.key for info in store.list("jobs/check/")] == [CARRIER]


def test_a_server_that_does_not_unpack_gets_a_request_for_each_object(elsewhere, puts):
    elsewhere.put_all(FILES)
    del puts[:]
    elsewhere.put_all(FILES)
    assert puts == [each.key for each in FILES]
    assert kept(elsewhere) == WHOLE
    assert elsewhere.get(CARRIER) == b""


def test_a_server_that_no_longer_unpacks_refuses_and_gets_them_one_by_one(elsewhere, puts):
    # Given a process that knows the server as one that unpacks, and another server in its place
    elsewhere.put(CARRIER, b"", media_type="text/plain")
    elsewhere._unpacking._settle(works=True)
    elsewhere.put_all(FILES)
    assert puts[-3:] == [CARRIER, *(each.key for each in FILES)]
    assert kept(elsewhere) == WHOLE
    assert elsewhere.get(CARRIER) == b""


def test_once_an_hour_it_is_tried_again_which_renews_the_carrier(store):
    now = [100.0]
    unpacking = Unpacking(store, store._send_packed, lambda: now[0])
    assert unpacking.put(FILES)
    store.delete([CARRIER])
    assert unpacking.put(FILES)
    with pytest.raises(NotFound):
        store.get(CARRIER)
    now[0] += GOOD_FOR_S
    assert unpacking.put(FILES)
    assert store.get(CARRIER) == b""


def test_a_missing_bucket_is_made(settings):
    LeanS3Store.from_settings(settings).put_all(FILES)
    assert kept(LeanS3Store.from_settings(settings)) == WHOLE


def test_a_failed_request_is_repeated_one_by_one_and_tried_again_later(store):
    now = [100.0]
    sent = []

    def send(body: bytes) -> None:
        sent.append(len(body))
        store._send_packed(body if works else b"no tar")

    works = True
    unpacking = Unpacking(store, send, lambda: now[0])
    assert unpacking.put(FILES)
    works = False
    assert not unpacking.put(FILES)
    del sent[:]
    assert not unpacking.put(FILES)
    assert sent == []
    now[0] += ASK_AGAIN_S
    works = True
    assert unpacking.put(FILES)
    assert len(sent) == 2  # the trial, and the files
