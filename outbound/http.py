"""A small HTTP client for untrusted URLs.

Only http and https on their usual ports, no credentials in the URL. Each host is resolved once and
connected to at the checked address, so a second look-up cannot answer differently. Every redirect
is checked the same way. Sizes and total time are bounded.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from urllib.parse import SplitResult, urljoin, urlsplit

from contract.errors import ImageTooLarge, StorageUnavailable, UrlForbidden, UrlUnreachable
from contract.places import Place
from outbound.addresses import checked_address
from runtime.shortage import is_shortage

PORTS = {"http": 80, "https": 443}
CHUNK_BYTES = 64 * 1024
REDIRECTS = (301, 302, 303, 307, 308)
MAX_REDIRECTS = 3

Locate = Callable[[str, int], str]  # host, port → the address to connect to
Connect = Callable[[str, int, float], socket.socket]  # address, port, timeout in s
Sink = Callable[[bytes], object]


@dataclass(frozen=True)
class Answer:
    """Status and headers (lower-case names) of an answer; its body, unless it went to a sink."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


def open_connection(address: str, port: int, timeout_s: float) -> socket.socket:
    """Return a socket that is connected to `address`, which was checked."""
    return socket.create_connection((address, port), timeout_s)


@dataclass(frozen=True)
class GuardedClient:
    """Makes requests, at the usual ports and those of `places`. `locate` checks addresses.

    `connect` is replaced in tests, never by configuration.
    """

    timeout_s: float = 15.0
    max_bytes: int = 64 * 1024 * 1024
    locate: Locate = checked_address
    connect: Connect = open_connection
    places: Sequence[Place] = ()

    def get(self, url: str, sink: Sink | None = None) -> Answer:
        """Return the answer to a GET, after up to three redirects.

        With `sink` a 200's body goes there piece by piece, and no other is read. Raises
        UrlForbidden, UrlUnreachable (also for a body that was cut off), ImageTooLarge,
        StorageUnavailable (this machine has no open file or no memory left), and what `sink`
        raises.
        """
        deadline = time.monotonic() + self.timeout_s
        headers = {"Accept": "image/*", "User-Agent": "depthq", "Connection": "close"}
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._call("GET", url, b"", headers, deadline, sink)
            if answer.status not in REDIRECTS or "location" not in answer.headers:
                return answer
            url = urljoin(url, answer.headers["location"])
        raise UrlUnreachable(f"The URL redirects more than {MAX_REDIRECTS} times.")

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Return the answer to a POST. Redirects are not followed."""
        return self._call("POST", url, body, headers, time.monotonic() + self.timeout_s, None)

    def _call(
        self,
        method: str,
        url: str,
        body: bytes,
        headers: Mapping[str, str],
        deadline: float,
        sink: Sink | None,
    ) -> Answer:
        parts = checked_url(url, self.places)
        host = str(parts.hostname)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            with self._connected(parts, deadline) as connection:
                connection.request(method, target, body or None, dict(headers))
                with connection.getresponse() as response:
                    answer = self._receive(response, sink)
            if time.monotonic() > deadline:  # without a Content-Length the cut looks like the end
                raise UrlUnreachable("The answer did not arrive in time.")
            return answer
        except (OSError, http.client.HTTPException, ValueError) as exc:
            if is_shortage(exc):
                raise StorageUnavailable("The service has too little for one more call.") from exc
            raise UrlUnreachable(f"Nothing came from {host[:100]!r}.") from exc

    @contextlib.contextmanager
    def _connected(
        self, parts: SplitResult, deadline: float
    ) -> Iterator[http.client.HTTPConnection]:
        host, port = str(parts.hostname), port_of(parts)
        address = self.locate(host, port)
        left_s = max(0.01, deadline - time.monotonic())
        with self.connect(address, port, left_s) as raw, _limited(raw, left_s):
            connection = http.client.HTTPConnection(host, port)
            try:
                connection.sock = _wrapped(raw, host) if parts.scheme == "https" else raw
                yield connection
            finally:
                connection.close()

    def _receive(self, response: http.client.HTTPResponse, sink: Sink | None) -> Answer:
        headers = {name.lower(): value for name, value in response.getheaders()}
        if sink is not None and response.status != http.client.OK:
            return Answer(response.status, headers)  # the body of a refusal is not read
        body, size = bytearray(), 0
        take = sink or body.extend
        while chunk := response.read1(CHUNK_BYTES):
            size += len(chunk)
            if size > self.max_bytes:
                raise ImageTooLarge(f"The answer is larger than {self.max_bytes} bytes.")
            take(chunk)
        if response.length:
            raise UrlUnreachable("The answer was cut off.")
        return Answer(response.status, headers, bytes(body))


def _wrapped(raw: socket.socket, host: str) -> ssl.SSLSocket:
    return _trusted().wrap_socket(raw, server_hostname=host)


@cache
def _trusted() -> ssl.SSLContext:
    """Return who is trusted, read once in a process: that takes 40 ms of CPU."""
    return ssl.create_default_context()


@contextlib.contextmanager
def _limited(raw: socket.socket, left_s: float) -> Iterator[None]:
    """Cut the connection after `left_s`: time-outs of sockets apply to each read.

    By a second handle: once TLS has wrapped a socket, the first one is detached.
    """
    with raw.dup() as handle:
        clock = threading.Timer(left_s, _cut, [handle])
        clock.daemon = True
        clock.start()
        try:
            yield
        finally:
            clock.cancel()
            clock.join()  # a cut that has begun ends before the handle's number is used again


def _cut(handle: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the other end may have closed
        handle.shutdown(socket.SHUT_RDWR)


def port_of(parts: SplitResult) -> int:
    """Return the port of a URL that was checked."""
    return parts.port or PORTS[parts.scheme]


def checked_url(url: str, places: Sequence[Place] = ()) -> SplitResult:
    """Return the parts of a URL that we may call, as far as it can be seen. Raises UrlForbidden."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as exc:
        raise UrlForbidden("This is not a URL.") from exc
    if parts.scheme not in PORTS or not parts.hostname:
        raise UrlForbidden("Only http:// and https:// URLs are called.")
    if parts.username is not None or parts.password is not None:
        raise UrlForbidden("URLs with credentials are not called.")
    usual = port in (None, PORTS[parts.scheme])
    if not usual and not any(place.port == port for place in places):
        raise UrlForbidden("Only the usual ports, 80 and 443, are called.")
    return parts
