"""The guarded client against a real server on loopback; only name resolution is the test's."""

from __future__ import annotations

import errno
import socket
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from contract.errors import ImageTooLarge, StorageUnavailable, UrlForbidden, UrlUnreachable
from outbound import http
from outbound.addresses import checked_address
from outbound.http import GuardedClient
from tests.services.tls import make_certificates


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/to/"))
            self.end_headers()
        elif self.path == "/cut":
            self.send_response(200)
            self.send_header("Content-Length", "9")
            self.end_headers()
            self.wfile.write(b"pixels")
        elif self.path == "/slow":
            self.send_response(200)
            self.end_headers()
            while not self.server.stopping.wait(0.05):
                self.wfile.write(b"x")
        elif self.path == "/long-refusal":
            self._answer(404, b"x" * 1000)
        else:
            self._answer(200, b"x" * 1000)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(200, self.headers["X-Test"].encode() + body)

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_) -> None:
        pass


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.stopping = threading.Event()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.stopping.set()
    server.shutdown()
    server.server_close()
    thread.join()


def door(server: ThreadingHTTPServer, **limits) -> GuardedClient:
    """Return a door whose public host `good.example` is the test's server; others are inside."""

    def locate(host: str, port: int) -> str:
        if host == "good.example":
            return "203.0.113.7"
        return checked_address(host, port, lambda *_: ["10.0.0.1"])

    return GuardedClient(locate=locate, connect=to(server), **limits)


def to(server: ThreadingHTTPServer):
    """Return a `connect` that ends at the test's server wherever it is told to go."""
    return lambda address, port, timeout_s: socket.create_connection(
        server.server_address, timeout_s
    )


def test_a_public_url_is_fetched(server):
    assert door(server).get("http://good.example/image").body == b"x" * 1000


def test_a_body_is_posted(server):
    answer = door(server).post("http://good.example/hook", b"body", {"X-Test": "head"})
    assert (answer.status, answer.body) == (200, b"headbody")


def test_redirects_are_followed_and_each_is_checked(server):
    assert door(server).get("http://good.example/to//image").status == 200
    with pytest.raises(UrlForbidden):
        door(server).get("http://good.example/to/http://inside.example/")
    with pytest.raises(UrlForbidden):
        door(server).get("http://good.example/to/file:///etc/passwd")


def test_redirects_end(server):
    with pytest.raises(UrlUnreachable, match="redirects"):
        door(server).get("http://good.example/to//to//to//to//to//image")


def test_a_name_that_changes_its_address_after_the_check_gains_nothing(server):
    looked_up, connected = [], []

    def locate(host: str, port: int) -> str:
        looked_up.append(host)
        return "203.0.113.7"

    def connect(address: str, port: int, timeout_s: float) -> socket.socket:
        connected.append(address)
        return to(server)(address, port, timeout_s)

    GuardedClient(locate=locate, connect=connect).get("http://rebind.example/")
    assert looked_up == ["rebind.example"]  # one look-up, and the connection goes to its answer
    assert connected == ["203.0.113.7"]


@pytest.mark.parametrize(
    "url",
    [
        "ftp://good.example/", "file:///etc/passwd", "gopher://good.example/", "http://",
        "http://user:secret@good.example/", "http://good.example:22/", "http://[::1", "//x", "",
        "javascript:alert(1)",
    ],
)  # fmt: skip
def test_other_schemes_ports_and_credentials_are_refused(server, url):
    with pytest.raises(UrlForbidden):
        door(server).get(url)


def test_an_answer_that_is_too_large_is_cut_off(server):
    with pytest.raises(ImageTooLarge):
        door(server, max_bytes=999).get("http://good.example/image")


def test_an_answer_of_single_bytes_ends_at_the_time_limit(server):
    with pytest.raises(UrlUnreachable):
        door(server, timeout_s=0.3).get("http://good.example/slow")


@pytest.fixture
def secured(server, monkeypatch, tmp_path) -> ThreadingHTTPServer:
    """The server behind TLS, with a certificate for localhost that the client trusts."""
    made = make_certificates(tmp_path)
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.load_cert_chain(made.certificate, made.key)
    plain = server.get_request

    def get_request():
        connection, address = plain()
        return ours.wrap_socket(connection, server_side=True), address

    server.get_request = get_request
    theirs = ssl.create_default_context(cafile=made.ca)
    monkeypatch.setattr(http, "_trusted", lambda: theirs)
    return server


def secure_door(server: ThreadingHTTPServer, **limits) -> GuardedClient:
    return GuardedClient(locate=lambda *_: "203.0.113.7", connect=to(server), **limits)


def test_a_url_is_fetched_over_tls(secured):
    assert secure_door(secured).get("https://localhost/image").body == b"x" * 1000


def test_an_answer_that_drips_over_tls_ends_at_the_time_limit(secured):
    pieces: list[bytes] = []

    def sink(piece: bytes) -> None:
        pieces.append(piece)
        assert len(pieces) < 100, "it goes on, long after the time limit"

    with pytest.raises(UrlUnreachable):
        secure_door(secured, timeout_s=0.5).get("https://localhost/slow", sink)


def test_all_certificates_are_read_once_for_many_calls(server, monkeypatch):
    reads, read = [], ssl.create_default_context
    monkeypatch.setattr(http.ssl, "create_default_context", lambda: reads.append(1) or read())
    http._trusted.cache_clear()
    for _ in range(2):
        with pytest.raises(UrlUnreachable):
            secure_door(server).get("https://localhost/")  # it speaks no TLS
    assert reads == [1]
    assert http._trusted().verify_mode is ssl.CERT_REQUIRED
    assert http._trusted().check_hostname


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENOMEM])
def test_what_this_machine_has_too_little_of_is_no_fault_of_the_url(number):
    def connect(*_):
        raise OSError(number, "as asked")

    with pytest.raises(StorageUnavailable, match="too little"):
        GuardedClient(locate=lambda *_: "203.0.113.7", connect=connect).get("http://good.example/")


def test_a_server_that_says_nothing_in_the_handshake_of_tls_costs_no_more_than_the_limit():
    ours, theirs = socket.socketpair()
    with theirs:
        client = GuardedClient(
            timeout_s=0.2, locate=lambda *_: "203.0.113.7", connect=lambda *_: ours
        )
        with pytest.raises(UrlUnreachable):
            client.get("https://localhost/")


def test_the_body_of_a_refusal_is_not_read_where_only_an_image_is_wanted(server):
    answer = door(server, max_bytes=100).get("http://good.example/long-refusal", [].append)
    assert (answer.status, answer.body) == (404, b"")


def test_a_cut_answer_is_no_image(server):
    with pytest.raises(UrlUnreachable, match="cut off"):
        door(server).get("http://good.example/cut")


def test_a_body_can_go_to_a_sink_but_only_that_of_a_success(server):
    pieces: list[bytes] = []
    answer = door(server).get("http://good.example/to//image", pieces.append)
    assert (b"".join(pieces), answer.body) == (b"x" * 1000, b"")


def test_a_port_without_a_listener_is_unreachable():
    def refuse(address: str, port: int, timeout_s: float) -> socket.socket:
        raise ConnectionRefusedError

    with pytest.raises(UrlUnreachable):
        GuardedClient(locate=lambda *_: "203.0.113.7", connect=refuse).get("http://good.example/")
