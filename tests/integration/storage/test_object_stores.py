"""One suite that every object store passes, real or double."""

from __future__ import annotations

import io
import threading
import time
from functools import cache

import pytest

from contract.errors import NotFound
from storage.objects.filesystem import FilesystemStore
from storage.objects.protocol import NewObject
from storage.objects.s3 import S3Store
from storage.objects.s3_lean import LeanS3Store
from storage.objects.together import MOST_BYTES
from tests.conftest import new_bucket
from tests.services.memory_store import MemoryStore

JSON = '{"name":"caf\\u00e9  [\\u6df1]","n":1}'


@pytest.fixture(params=["memory", "filesystem", "s3", "s3 lean", "versitygw"])
def store(request, tmp_path):
    if request.param == "memory":
        return MemoryStore()
    if request.param == "filesystem":
        return FilesystemStore(tmp_path / "objects")
    if request.param == "s3 lean":
        return LeanS3Store.from_settings(request.getfixturevalue("s3_settings"))
    client = open_client(request.getfixturevalue(request.param))
    return S3Store(client, new_bucket(), create_bucket=True)


@cache
def open_client(server):
    """Return one client per server: opening one takes longer than most of these tests."""
    return S3Store.from_settings(server.settings("any"))._client


def put(store, key, data=b"x", **about):
    store.put(key, data, media_type=about.pop("media_type", "text/plain"), **about)


def keys(store, prefix="", **options):
    return [info.key for info in store.list(prefix, **options)]


def test_what_is_put_is_got_back_with_all_that_was_said_of_it(store):
    before = time.time()
    put(store, "jobs/a/input", b"bytes\x00\xff", media_type="image/png", metadata={"a-b": JSON})

    assert store.get("jobs/a/input") == b"bytes\x00\xff"
    info = store.head("jobs/a/input")
    assert (info.key, info.size, info.media_type) == ("jobs/a/input", 7, "image/png")
    assert dict(info.metadata) == {"a-b": JSON}
    assert info.etag
    assert abs(info.modified_at - before) < 60


def test_an_empty_object_is_an_object(store):
    put(store, "empty", b"")
    assert store.get("empty") == b""
    assert store.head("empty").size == 0


def test_a_file_is_stored_from_its_start_and_stays_open(store):
    data = io.BytesIO(b"0123456789" * 100_000)
    data.seek(7)
    put(store, "big", data)
    assert not data.closed
    assert store.get("big") == data.getvalue()


def test_an_object_can_be_read_as_a_stream(store):
    body = bytes(range(256)) * 8192
    put(store, "stream", body)
    with store.open("stream") as stream:
        assert stream.read(5) == body[:5]
        assert stream.read() == body[5:]
        assert stream.read(1) == b""
    assert stream.closed


@pytest.mark.parametrize("most", [0, 5, 2_097_152, 3_000_000])
def test_at_most_so_much_of_an_object_is_read(store, most):
    body = bytes(range(256)) * 8192
    put(store, "read", body)
    assert store.read("read", most) == body[:most]


def test_what_is_not_there_cannot_be_read_either(store):
    put(store, "something")
    with pytest.raises(NotFound):
        store.read("nothing", 10)


def test_a_second_put_replaces_the_first(store):
    put(store, "k", b"first, and longer", media_type="text/plain", metadata={"n": "1"})
    put(store, "k", b"second", media_type="image/png", metadata={"n": "2"})
    assert store.get("k") == b"second"
    assert store.head("k").media_type == "image/png"
    assert dict(store.head("k").metadata) == {"n": "2"}


def test_objects_put_together_are_each_as_if_put_alone(store):
    small = [
        NewObject("jobs/a/depth.png", bytes(range(256)) * 9, "image/png"),
        NewObject("jobs/a/heatmap.jpg", b"", "image/jpeg"),
        NewObject("jobs/b/result.json", b"{}", "application/json"),
    ]
    large = NewObject("jobs/b/depth.npy", bytes(MOST_BYTES), "application/x-npy")
    put(store, "jobs/a/depth.png", b"of an earlier attempt")
    before = time.time()
    store.put_all([*small, large])
    for each in (*small, large):
        info = store.head(each.key)
        assert store.get(each.key) == each.data
        assert (info.size, info.media_type) == (len(each.data), each.media_type)
        assert dict(info.metadata) == {}
        assert abs(info.modified_at - before) < 60
    store.put_all([])
    assert keys(store, "jobs/a") == ["jobs/a/depth.png", "jobs/a/heatmap.jpg"]
    assert keys(store, "jobs/b") == ["jobs/b/depth.npy", "jobs/b/result.json"]


def test_of_objects_put_together_none_may_have_a_bad_key(store):
    store.check()
    with pytest.raises(ValueError, match="not an object key"):
        store.put_all([NewObject(key, b"x", "text/plain") for key in ("../a", "b")])
    assert keys(store, "a") == []


@pytest.mark.parametrize("read", ["get", "open", "head"])
def test_reading_what_is_not_there_says_so(store, read):
    store.check()
    put(store, "folder/other", b"")
    for key in ("nothing", "folder", "folder/nothing"):
        with pytest.raises(NotFound):
            getattr(store, read)(key)


def test_the_list_is_in_the_order_of_whole_keys(store):
    # "/" stands between "." and "0": a folder's name alone would sort wrongly
    names = ["a-b", "a.b", "a/x", "a/y/z", "a0", "b", "jobs/2026/01/01/i/input", "z"]
    for name in reversed(names):
        put(store, name, name.encode())
    assert keys(store) == names
    assert [info.size for info in store.list("")] == [len(name) for name in names]


def test_the_list_keeps_to_its_prefix_which_may_end_inside_a_name(store):
    for name in ("a/x", "ab/x", "ab/y", "abc", "b"):
        put(store, name)
    assert keys(store, "ab") == ["ab/x", "ab/y", "abc"]
    assert keys(store, "ab/") == ["ab/x", "ab/y"]
    assert keys(store, "nothing/") == []


@pytest.mark.parametrize(
    ("start_after", "expected"),
    [
        ("", ["a/1", "a/2", "b/1", "c"]),
        ("a/1", ["a/2", "b/1", "c"]),
        ("a", ["a/1", "a/2", "b/1", "c"]),
        ("a/9", ["b/1", "c"]),
        ("b", ["b/1", "c"]),
        ("c", []),
    ],
)
def test_the_list_starts_after_a_key_that_need_not_exist(store, start_after, expected):
    for name in ("a/1", "a/2", "b/1", "c"):
        put(store, name)
    assert keys(store, start_after=start_after) == expected


def test_the_list_and_delete_go_beyond_one_page(store, monkeypatch):
    monkeypatch.setattr("storage.objects.s3._PAGE", 7)
    names = [f"p/{n:02}" for n in range(22)]
    for name in names:
        put(store, name, b"")
    assert keys(store, "p/") == names
    store.delete(names)
    assert keys(store) == []


def test_delete_removes_what_is_there_and_forgives_what_is_not(store):
    store.check()
    put(store, "a/b/c")
    put(store, "a/d")
    store.delete(["a/b/c", "a/b/nothing", "nothing"])
    store.delete([])
    assert keys(store) == ["a/d"]
    with pytest.raises(NotFound):
        store.head("a/b/c")


BAD_KEYS = [
    "",
    "/a",
    "a/",
    "a//b",
    "../a",
    "a/../b",
    "a/.b",
    "a\\b",
    "a\x00",
    "ä",
    "a b",
    "a" * 600,
]


@pytest.mark.parametrize("key", BAD_KEYS)
def test_a_key_that_could_lead_elsewhere_is_refused_by_every_method(store, key):
    calls = [
        lambda: put(store, key),
        lambda: store.get(key),
        lambda: store.open(key),
        lambda: store.read(key, 9),
        lambda: store.head(key),
        lambda: store.delete([key]),
    ]
    for call in calls:
        with pytest.raises(ValueError, match="not an object key"):
            call()


@pytest.mark.parametrize(
    "metadata",
    [{"a": "café"}, {"a": "x\r\nb: y"}, {"A": "x"}, {"a b": "x"}, {"a": " x"}, {"a": "x" * 2048}],
)
def test_metadata_that_some_server_would_maim_is_refused(store, metadata):
    with pytest.raises(ValueError, match="metadata"):
        put(store, "k", metadata=metadata)


def test_a_reader_never_sees_half_an_object_while_it_is_rewritten(store):
    versions = {b"a" * 300_000, b"b" * 200_000}
    put(store, "k", b"a" * 300_000)
    stop = threading.Event()

    def rewrite():
        while not stop.is_set():
            for body in versions:
                put(store, "k", body)

    writer = threading.Thread(target=rewrite)
    writer.start()
    try:
        seen = {store.get("k") for _ in range(40)}
    finally:
        stop.set()
        writer.join()
    assert seen <= versions


def test_check_is_content_with_a_store_that_serves(store):
    store.check()
    store.check()
