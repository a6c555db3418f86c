"""Fetching by URL: where it goes, and where it does not."""

from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from api.fetch_source import fetch_source
from api.uploads import Upload
from contract.addresses import is_public
from contract.errors import ImageTooLarge, UrlForbidden, UrlUnreachable

INSIDE = [
    "127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "0.0.0.0",
    "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192", "224.0.0.1", "255.255.255.255",
    "198.18.0.1", "240.0.0.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254",
    "ff02::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1", "2002:a9fe:a9fe::", "2002:7f00:1::", "2001:0:a9fe:a9fe::", "localhost", "",
    "0x7f000001", "2130706433",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_addresses_inside_are_not_public_in_any_disguise(address):
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "1.1.1.1", "2606:4700::1111", "64:ff9b::101:101"]
)
def test_addresses_outside_are_public(address):
    assert is_public(address)


class Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        seen.append((self.path, self.headers["Host"]))
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "http://127.0.0.1/secret")
            self.end_headers()
            return
        self.send_response(200 if self.path.startswith("/cat") else 404)
        self.send_header("Content-Length", "9" if self.path == "/cat-cut" else "6")
        self.end_headers()
        self.wfile.write(b"pixels")

    def log_message(self, *args) -> None:
        pass


seen: list[tuple[str, str]] = []


@pytest.fixture
def fetch():
    """Fetch as if the test's own server were example.org at a public address."""
    server = HTTPServer(("127.0.0.1", 0), Pages)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    seen.clear()
    asked = []

    def connect(address, port, timeout_s):
        asked.append((address, port))
        return socket.create_connection(server.server_address, timeout=timeout_s)

    def run(url, addresses=("93.184.216.34",), max_bytes=100):
        with Upload(max_bytes) as upload:
            fetch_source(url, upload, lambda host, port: list(addresses), connect)
            return upload.head(100), asked

    yield run
    server.shutdown()
    thread.join()
    server.server_close()


def test_an_image_is_fetched_from_the_address_that_was_checked(fetch):
    data, asked = fetch("http://example.org/cat?x=1")
    assert data == b"pixels"
    assert asked == [("93.184.216.34", 80)]
    assert seen == [("/cat?x=1", "example.org")]


@pytest.mark.parametrize(
    ("url", "addresses"),
    [
        ("http://example.org/cat", ["127.0.0.1"]),
        ("http://example.org/cat", ["93.184.216.34", "10.0.0.1"]),
        ("http://example.org/cat", []),
        ("http://example.org:6379/", ["93.184.216.34"]),
        ("http://example.org:99999/", ["93.184.216.34"]),
        ("ftp://example.org/cat", ["93.184.216.34"]),
    ],
)
def test_other_places_are_forbidden_and_never_connected_to(fetch, url, addresses):
    with pytest.raises(UrlForbidden):
        fetch(url, addresses)
    assert seen == []


@pytest.mark.parametrize("path", ["/away", "/missing", "/cat-cut"])
def test_redirects_errors_and_cut_answers_are_no_image(fetch, path):
    with pytest.raises(UrlUnreachable):
        fetch(f"http://example.org{path}")
    assert len(seen) == 1


def test_what_is_too_large_is_refused(fetch):
    with pytest.raises(ImageTooLarge):
        fetch("http://example.org/cat", max_bytes=5)
