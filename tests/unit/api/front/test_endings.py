"""How a connection ends, when it goes on, and what those cost who do not read."""

from __future__ import annotations

import io
import json
import select
import socket
import time
from collections.abc import Iterator

import pytest
from waitress.buffers import TempfileBasedBuffer

from api.front.server import Front
from contract.errors import NotFound
from tests.services.front import connect, rest_of, running_front
from tests.waits import wait_until

FILE = bytes(range(256)) * 32_000  # 8 MB: more than the sockets between us hold


class App:
    """Answers 204, 304, a file, or 200; counts the calls."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, environ, start_response):
        self.calls += 1
        path = environ["PATH_INFO"]
        if path in ("/204", "/304"):
            start_response(f"{path[1:]} Nothing", [])
            return []
        if path == "/breaks-off":
            start_response("200 OK", [])
            return self._parts()
        if path == "/file":
            start_response("200 OK", [("Content-Length", str(len(FILE)))])
            return environ["wsgi.file_wrapper"](io.BytesIO(FILE))
        start_response("200 OK", [("Content-Length", "2")])
        return [b"ok"]

    def _parts(self) -> Iterator[bytes]:
        yield b"the first part"
        raise NotFound("the second is gone")


@pytest.fixture
def app() -> App:
    return App()


@pytest.fixture
def front(app: App) -> Iterator[Front]:
    with running_front(app) as front:
        yield front


def get(path: str, *headers: str, version: str = "1.1") -> bytes:
    lines = [f"GET {path} HTTP/{version}", "Host: x", *headers]
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode()


def status_of(answer: bytes) -> int:
    return int(answer.split()[1])


def answered(client: socket.socket) -> None:
    """Wait until something of an answer is here; reads nothing."""
    assert select.select([client], [], [], 20)[0]


LARGE = b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 40_000
REFUSED = {
    "a head too large": (LARGE, 431),
    "a request of nonsense": (b"NONSENSE\r\n\r\n", 400),
    "a body without length": (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: a\r\n\r\n", 501),
    "a body too large": (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999999\r\n\r\n", 413),
    "an answer that was asked to be the last": (get("/", "Connection: close"), 200),
}


@pytest.mark.parametrize("what", REFUSED)
def test_who_goes_on_sending_after_the_answer_can_read_it(front: Front, what: str) -> None:
    begin, status = REFUSED[what]
    with connect(front) as client:
        client.sendall(begin)
        answered(client)
        for _ in range(20):  # a reset would be noticed by the second
            client.sendall(b"y" * 50_000)
        assert status_of(rest_of(client)) == status


def test_what_is_read_away_is_bounded_in_bytes(front: Front, monkeypatch) -> None:
    monkeypatch.setattr("api.front.lingering.LingeringChannel._left_bytes", 1_000_000)
    with connect(front) as client, pytest.raises(ConnectionError):
        client.sendall(LARGE + b"y" * 50_000_000)


def test_what_is_read_away_is_bounded_in_time(front: Front) -> None:
    with connect(front) as client:
        client.sendall(LARGE)
        assert status_of(rest_of(client)) == 431
        (channel,) = front.active_channels.values()
        assert not channel.overdue(time.monotonic(), 20, 60, 2048)
        front.tidy(time.monotonic() + 21)
        assert list(front.active_channels.values()) == []


def test_the_end_of_the_client_ends_the_connection(front: Front) -> None:
    with connect(front) as client:
        client.sendall(LARGE)
        assert status_of(rest_of(client)) == 431
    wait_until(lambda: not front.active_channels, "the connection is gone")


@pytest.mark.parametrize("status", ["204", "304"])
def test_an_answer_without_a_body_keeps_the_connection(front: Front, status: str) -> None:
    with connect(front) as client:
        client.sendall(get(f"/{status}"))
        answered(client)
        head = client.recv(65_536)
        assert head.startswith(f"HTTP/1.1 {status} ".encode())
        assert b"Connection: close" not in head
        client.sendall(get("/", "Connection: close"))
        assert rest_of(client).endswith(b"\r\n\r\nok")


@pytest.mark.parametrize("asked", [get("/204", "Connection: close"), get("/204", version="1.0")])
def test_an_answer_without_a_body_ends_the_connection_where_asked(front, asked: bytes) -> None:
    with connect(front) as client:
        client.sendall(asked)
        assert b"Connection: close" in rest_of(client)


@pytest.mark.parametrize(
    ("given", "own"), [("", False), ("from-the-client.1", True), ("x" * 65, False), ("a b", False)]
)
def test_a_refusal_carries_a_request_id(front: Front, caplog, given: str, own: bool) -> None:
    caplog.set_level("INFO")
    with connect(front) as client:
        client.sendall(get("/", f"X-Request-Id: {given}", "Content-Length: -1"))
        head, _, body = rest_of(client).partition(b"\r\n\r\n")
    name = json.loads(body)["request_id"]
    assert f"X-Request-Id: {name}\r\n" in f"{head.decode()}\r\n"
    assert name == given if own else len(name) == 16
    assert [each.request_id for each in caplog.records if hasattr(each, "request_id")] == [name]


def test_unread_files_take_no_memory_and_no_thread(front: Front, app: App, monkeypatch) -> None:
    spooled = []
    monkeypatch.setattr(TempfileBasedBuffer, "newfile", lambda _: spooled.append(1) or io.BytesIO())
    readers = [connect(front, receive_bytes=256 * 1024) for _ in range(10)]  # threads: 4
    try:
        for reader in readers:
            reader.sendall(get("/file"))
        wait_until(lambda: app.calls == 10, "all are being answered")
        with connect(front) as other:
            other.sendall(get("/", "Connection: close"))
            assert rest_of(other).endswith(b"ok")
        assert spooled == []
        head, _, body = read_exactly(readers[0]).partition(b"\r\n\r\n")
        assert body == FILE, head
    finally:
        for reader in readers:
            reader.close()


def read_exactly(client: socket.socket, times: int = 1) -> bytes:
    """Return so many answers of /file, on a connection that goes on."""
    data = b""
    while data.count(b"HTTP/1.1 200") < times or len(data) < times * len(FILE) + 50:
        data += client.recv(1 << 20)
    return data


def test_requests_sent_in_advance_wait_for_the_reader(front: Front, app: App) -> None:
    with connect(front, receive_bytes=256 * 1024) as client:
        client.sendall(get("/file") * 2)
        wait_until(lambda: any(c.parked for c in front.active_channels.values()), "one waits")
        assert app.calls == 1
        data = read_exactly(client, times=2)
    assert [part.partition(b"\r\n\r\n")[2] for part in data.split(b"HTTP/1.1 200 OK\r\n")[1:]] == [
        FILE
    ] * 2
    assert app.calls == 2


def test_a_reader_that_has_died_does_not_keep_its_file(front: Front, app: App) -> None:
    with connect(front, receive_bytes=256 * 1024) as client:
        client.sendall(get("/file") * 2)
        wait_until(lambda: any(c.parked for c in front.active_channels.values()), "one waits")
        front.tidy(time.monotonic() + 30)
        assert len(front.active_channels) == 1
        front.tidy(time.monotonic() + 61)
        assert len(front.active_channels) == 0


def test_a_clock_that_is_set_back_does_not_put_off_the_upkeep(front: Front) -> None:
    front.next_channel_cleanup = time.time() + 3600  # as it was due by the clock of before
    wait_until(lambda: front.next_channel_cleanup < time.time() + 60, "the upkeep is due soon")


@pytest.mark.parametrize("hours", [1, -1])
def test_an_upload_and_an_answer_survive_a_clock_that_is_set(
    front: Front, monkeypatch, hours: int
) -> None:
    real, head = time.time, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\n"
    with connect(front) as sender, connect(front, receive_bytes=256 * 1024) as reader:
        # Given an upload and an answer that are half through
        sender.sendall(head + b"half")
        reader.sendall(get("/file"))
        answered(reader)
        wait_until(lambda: any(c.request for c in front.active_channels.values()), "it began")
        # When the clock is set, and the upkeep has been done by it
        monkeypatch.setattr(time, "time", lambda: real() + hours * 3600)
        front.next_channel_cleanup = 0
        wait_until(lambda: front.next_channel_cleanup, "the upkeep")
        # Then both go on to their end
        sender.sendall(b"rest")
        assert status_of(sender.recv(65_536)) == 200
        assert read_exactly(reader).endswith(FILE[-1000:])


def test_an_answer_that_breaks_off_does_not_look_whole(front: Front) -> None:
    with connect(front) as client:
        client.sendall(get("/breaks-off"))
        answer = rest_of(client)
    assert b"Transfer-Encoding: chunked" in answer
    assert b"the first part" in answer
    assert not answer.endswith(b"0\r\n\r\n")
