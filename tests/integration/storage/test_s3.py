"""What only S3 has: presigned URLs, buckets, and its many ways to be out of service."""

from __future__ import annotations

import socket
import threading
import urllib.error
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from contract.errors import NotFound, StorageUnavailable
from contract.settings import Settings
from storage.objects.s3 import S3Store
from tests.conftest import new_bucket
from tests.services.process import free_port
from tests.waits import PATIENT_S


@pytest.fixture(params=["s3", "versitygw"])
def server(request):
    return request.getfixturevalue(request.param)


def test_a_presigned_url_downloads_under_the_given_name_and_only_as_signed(server):
    store = S3Store.from_settings(server.settings(new_bucket()))
    store.put("jobs/a/depth.png", b"png", media_type="image/png")

    url = store.presign("jobs/a/depth.png", expires_s=60, filename='tiefe "ä"; x.png')
    with urllib.request.urlopen(url, timeout=PATIENT_S) as answer:
        assert answer.read() == b"png"
        assert answer.headers["Content-Type"] == "image/png"
        disposition = answer.headers["Content-Disposition"]
    assert disposition == "attachment; filename*=UTF-8''tiefe%20%22%C3%A4%22%3B%20x.png"

    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(url.replace("depth.png", "other.png"), timeout=PATIENT_S)
    refused.value.close()
    if server.name != "moto":
        assert refused.value.code == 403


def test_urls_are_signed_for_the_public_address_with_signature_version_4():
    settings = Settings(
        s3_endpoint_url="http://minio.internal:9000",
        s3_public_endpoint_url="https://files.example.org",
        s3_bucket="depthq",
        s3_access_key_id="id",
        s3_secret_access_key="secret",
    )
    url = urlsplit(S3Store.from_settings(settings).presign("a/b", expires_s=77, filename="b.png"))
    query = parse_qs(url.query)
    assert (url.scheme, url.netloc, url.path) == ("https", "files.example.org", "/depthq/a/b")
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert query["X-Amz-Expires"] == ["77"]
    assert "secret" not in url.geturl()


def test_a_missing_bucket_is_made_when_it_is_first_needed(server):
    settings = server.settings(new_bucket())
    S3Store.from_settings(settings).put("a", b"1", media_type="text/plain")
    S3Store.from_settings(settings).check()
    assert S3Store.from_settings(settings).get("a") == b"1"


def test_a_missing_bucket_that_must_not_be_made_is_an_outage_not_a_missing_object(server):
    store = S3Store.from_settings(server.settings(new_bucket(), s3_create_bucket=False))
    for call in (
        store.check,
        lambda: store.put("a", b"1", media_type="text/plain"),
        lambda: store.get("a"),
        lambda: list(store.list("")),
    ):
        with pytest.raises(StorageUnavailable):
            call()


def test_wrong_credentials_are_an_outage(server):
    if server.name == "moto":
        pytest.skip("moto checks no signatures")
    settings = server.settings(new_bucket()).model_copy(update={"s3_secret_access_key": None})
    stranger = S3Store.from_settings(
        settings.model_copy(
            update={"s3_secret_access_key": server.settings("photos").s3_access_key_id}
        )
    )
    with pytest.raises(StorageUnavailable):
        stranger.put("a", b"1", media_type="text/plain")


def store_at(port):
    return S3Store.from_settings(
        Settings(
            s3_endpoint_url=f"http://127.0.0.1:{port}",
            s3_bucket="depthq",
            s3_access_key_id="id",
            s3_secret_access_key="secret",
        )
    )


def every_call(store):
    return [
        lambda: store.put("a", b"1", media_type="text/plain"),
        lambda: store.get("a"),
        lambda: store.open("a"),
        lambda: store.head("a"),
        lambda: list(store.list("")),
        lambda: store.delete(["a"]),
        store.check,
    ]


def test_a_refused_connection_is_an_outage():
    for call in every_call(store_at(free_port())):
        with pytest.raises(StorageUnavailable):
            call()


@contextmanager
def stub(status, body=b"", length=None):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(status)
            self.send_header("Content-Length", str(length or len(body)))
            self.send_header("Connection", "close")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)
            self.close_connection = True

        do_GET = do_PUT = do_HEAD = do_POST = answer  # noqa: N815

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield store_at(server.server_port)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("status", [403, 500, 503, 507])
def test_every_refusal_is_an_outage(status):
    code = {507: "XMinioStorageFull", 503: "SlowDown"}.get(status, "Whatever")
    with stub(status, f"<Error><Code>{code}</Code></Error>".encode()) as store:
        for call in every_call(store):
            with pytest.raises(StorageUnavailable):
                call()


def test_an_answer_cut_short_is_an_outage_not_a_short_object():
    with stub(200, b"half", length=8) as store:
        with pytest.raises(StorageUnavailable):
            store.get("a")
        with pytest.raises(StorageUnavailable), store.open("a") as stream:
            stream.read()


def test_a_404_is_a_missing_object():
    with stub(404, b"<Error><Code>NoSuchKey</Code></Error>") as store:
        for read in (store.get, store.open, store.head):
            with pytest.raises(NotFound):
                read("a")


def test_a_delete_that_fails_for_one_key_is_an_outage():
    body = b"<DeleteResult><Error><Key>a</Key><Code>InternalError</Code></Error></DeleteResult>"
    with stub(200, body) as store, pytest.raises(StorageUnavailable, match="InternalError"):
        store.delete(["a"])


def test_a_server_that_accepts_and_says_nothing_is_given_up(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        store = store_at(silent.getsockname()[1])
        config = store._client.meta.config
        assert (config.connect_timeout, config.read_timeout) == (2, 3)
        assert config.retries == {"mode": "standard", "total_max_attempts": 2}


def test_a_huge_file_goes_in_parts_and_stays_open(s3_settings, tmp_path, monkeypatch):
    monkeypatch.setattr("storage.objects.s3._IN_PARTS_BYTES", 1024)
    store = S3Store.from_settings(s3_settings)
    store.check()
    path = tmp_path / "archive.tar"
    path.write_bytes(bytes(range(256)) * 80_000)  # 20 MB: two parts
    sent = []
    with path.open("rb") as file:
        store._client.meta.events.register(
            "before-call.s3.UploadPart", lambda **_: sent.append("part")
        )
        monkeypatch.setattr("storage.objects.s3._PARTS.multipart_threshold", 1024)
        store.put("archive", file, media_type="application/x-tar", metadata={"a": "b"})
        assert not file.closed
    assert len(sent) == 2
    assert store.get("archive") == path.read_bytes()
    assert dict(store.head("archive").metadata) == {"a": "b"}
