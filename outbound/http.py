"""A small HTTP client for places that strangers name.

http and https on their usual ports only, no credentials in the URL, each host resolved once and
connected to at the address that was checked (no second look-up that could answer differently),
every redirect checked the same way, sizes and total time bounded.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

from contract.errors import ImageTooLarge, UrlForbidden, UrlUnreachable
from outbound.addresses import checked_address

PORTS = {"http": 80, "https": 443}
CHUNK_BYTES = 64 * 1024
REDIRECTS = (301, 302, 303, 307, 308)
MAX_REDIRECTS = 3

Locate = Callable[[str, int], str]  # host, port → the address to connect to


@dataclass(frozen=True)
class Answer:
    """Status, headers (lower-case names) and body of the last answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Door:
    """Calls out. `locate` and `ports` are replaced in tests, never by configuration."""

    timeout_s: float = 10.0
    max_bytes: int = 64 * 1024 * 1024
    locate: Locate = checked_address
    ports: Mapping[str, int] | None = None

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Return the answer to a GET, following up to three redirects.

        Raises UrlForbidden, UrlUnreachable, or ImageTooLarge past `max_bytes`.
        """
        deadline = time.monotonic() + self.timeout_s
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._call("GET", url, b"", headers or {}, deadline)
            if answer.status not in REDIRECTS or "location" not in answer.headers:
                return answer
            url = urljoin(url, answer.headers["location"])
        raise UrlUnreachable(f"The URL redirects more than {MAX_REDIRECTS} times.")

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Return the answer to a POST. Redirects are not followed."""
        return self._call("POST", url, body, headers, time.monotonic() + self.timeout_s)

    def _call(
        self, method: str, url: str, body: bytes, headers: Mapping[str, str], deadline: float
    ) -> Answer:
        parts = self._checked(url)
        connection = self._connect(parts, deadline)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            connection.request(method, target, body or None, dict(headers))
            response = connection.getresponse()
            lower = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, lower, self._read(response, connection, deadline))
        except (OSError, http.client.HTTPException) as exc:
            raise UrlUnreachable(f"{parts.hostname} did not answer properly: {exc}") from exc
        finally:
            connection.close()

    def _checked(self, url: str) -> SplitResult:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as exc:
            raise UrlForbidden("This is not a URL.") from exc
        ports = self.ports or PORTS
        if parts.scheme not in ports or not parts.hostname:
            raise UrlForbidden("Only http:// and https:// URLs are fetched.")
        if parts.username is not None or parts.password is not None:
            raise UrlForbidden("URLs with credentials are not fetched.")
        if port not in (None, ports[parts.scheme]):
            raise UrlForbidden("Only the usual ports, 80 and 443, are called.")
        return parts

    def _connect(self, parts: SplitResult, deadline: float) -> http.client.HTTPConnection:
        host = str(parts.hostname)
        port = (self.ports or PORTS)[parts.scheme]
        address = self.locate(host, port)
        left_s = max(0.1, deadline - time.monotonic())
        try:
            sock: socket.socket = socket.create_connection((address, port), left_s)
            if parts.scheme == "https":
                sock = ssl.create_default_context().wrap_socket(sock, server_hostname=host)
        except OSError as exc:
            raise UrlUnreachable(f"{host} cannot be reached: {exc}") from exc
        connection = http.client.HTTPConnection(host, port, timeout=left_s)
        connection.sock = sock
        return connection

    def _read(
        self,
        response: http.client.HTTPResponse,
        connection: http.client.HTTPConnection,
        deadline: float,
    ) -> bytes:
        body = bytearray()
        while True:
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                raise UrlUnreachable(f"The answer took longer than {self.timeout_s:g} s.")
            if connection.sock is not None:  # None once the last byte was read
                connection.sock.settimeout(left_s)
            chunk = response.read1(CHUNK_BYTES)
            if not chunk:
                return bytes(body)
            body += chunk
            if len(body) > self.max_bytes:
                raise ImageTooLarge(f"The answer is larger than {self.max_bytes} bytes.")
