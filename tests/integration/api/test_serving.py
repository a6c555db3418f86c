"""Files through the real front: whole, in part, by HEAD, and to readers that do not read."""

from __future__ import annotations

import io
import socket

import httpx2
import pytest
from waitress.buffers import TempfileBasedBuffer

from tests.integration.api import worker
from tests.services.front import connect, running_front
from tests.unit.api.fakes import jpeg
from tests.waits import wait_until

FILE = bytes(range(256)) * 40_000  # 10 MB


@pytest.fixture
def front(api):
    with running_front(api.app) as front:
        yield front


@pytest.fixture
def client(front):
    with httpx2.Client(base_url=f"http://127.0.0.1:{front.effective_port}") as client:
        yield client


@pytest.fixture
def output(api, monkeypatch) -> str:
    """The path of an output of 10 MB."""
    monkeypatch.setattr(worker, "DEPTH", FILE)
    sent = api.client.post("/v1/jobs?outputs=depth", data=jpeg(), content_type="image/jpeg")
    job = sent.json
    worker.succeed(api.parts, job["id"])
    return job["links"]["outputs"]["depth"]


def test_a_file_comes_whole(client, output) -> None:
    answer = client.get(output)
    assert (answer.status_code, answer.content == FILE) == (200, True)
    assert answer.headers["Accept-Ranges"] == "bytes"


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("bytes=5-9", slice(5, 10)),
        ("bytes=10000000-", slice(10_000_000, None)),
        ("bytes=-7", slice(-7, None)),
        ("bytes=0-99999999", slice(0, None)),
        ("bytes=0-0", slice(0, 1)),
    ],
)
def test_a_part_is_that_part(client, output, asked: str, part: slice) -> None:
    answer = client.get(output, headers={"Range": asked})
    assert (answer.status_code, answer.content == FILE[part]) == (206, True)
    first, last = part.indices(len(FILE))[0], part.indices(len(FILE))[1] - 1
    assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{len(FILE)}"


@pytest.mark.parametrize(
    "asked",
    ["pages=1-2", "bytes", "bytes=", "bytes=a-b", "bytes=9-5", "bytes=1-2,5-9", "5-9", "bytes=--1"],
)
def test_a_range_that_is_none_of_ours_is_ignored(client, output, asked: str) -> None:
    answer = client.get(output, headers={"Range": asked})
    assert (answer.status_code, answer.content == FILE) == (200, True)


def test_a_range_behind_the_end_is_told(client, output) -> None:
    answer = client.get(output, headers={"Range": f"bytes={len(FILE)}-"})
    assert (answer.status_code, answer.json()["status"]) == (416, 416)


@pytest.mark.parametrize("headers", [{}, {"Range": "bytes=0-5"}])
def test_a_head_says_what_a_get_would_send(client, output, headers) -> None:
    answer = client.head(output, headers=headers)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["Content-Length"] == str(len(FILE))
    assert answer.headers["Content-Type"] == "image/png"


def test_a_file_that_is_known_costs_neither_bytes_nor_the_connection(client, output) -> None:
    tag = client.head(output).headers["ETag"]
    answer = client.get(output, headers={"If-None-Match": tag})
    assert (answer.status_code, answer.content) == (304, b"")
    assert "Connection" not in answer.headers


@pytest.mark.parametrize("headers", ["", "Range: bytes=1-\r\n"])
def test_unread_files_are_not_copied(api, front, client, output, monkeypatch, headers) -> None:
    # Given more readers that do not read than there are threads
    spooled = []
    monkeypatch.setattr(TempfileBasedBuffer, "newfile", lambda _: spooled.append(1) or io.BytesIO())
    readers: list[socket.socket] = [connect(front, receive_bytes=65_536) for _ in range(8)]
    try:
        for reader in readers:
            reader.sendall(f"GET {output} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n".encode())
        unread = lambda: [c for c in front.active_channels.values() if c.total_outbufs_len]  # noqa: E731
        wait_until(lambda: len(unread()) == len(readers), "all have their answers' beginning")
        # Then nothing is kept for them, and others are answered
        assert spooled == []
        assert client.get("/healthz").status_code == 200
    finally:
        for reader in readers:
            reader.close()


def test_a_file_that_is_gone_is_not_found(api, client, output) -> None:
    api.parts.objects.delete([info.key for info in api.parts.objects.list("")])
    assert client.get(output).status_code == 404
    assert client.head(output).status_code == 404
