"""Fetches an image that a client names by URL, from the open internet only.

The name is resolved once, every address is checked, and the connection goes to a checked address,
so that a name cannot change its meaning in between. No redirects, ports 80 and 443, one deadline.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable
from urllib.parse import SplitResult, urlsplit

from api.uploads import CHUNK_BYTES, Upload
from contract.addresses import is_public
from contract.errors import UrlForbidden, UrlUnreachable

DEADLINE_S = 15.0
CONNECT_S = 3.0
PORTS = {"http": 80, "https": 443}

Resolve = Callable[[str, int], list[str]]
Connect = Callable[[str, int, float], socket.socket]


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of `host`. Raises UrlUnreachable."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as exc:
        raise UrlUnreachable(f"The host {host[:100]!r} is unknown.") from exc
    return list(dict.fromkeys(str(info[4][0]) for info in found))


def _connect(address: str, port: int, timeout_s: float) -> socket.socket:
    return socket.create_connection((address, port), timeout=timeout_s)


def fetch_source(
    url: str, upload: Upload, resolve: Resolve = resolve, connect: Connect = _connect
) -> None:
    """Fill `upload` with what `url` answers.

    Raises UrlForbidden (not a place we go), UrlUnreachable (nothing came), ImageTooLarge.
    """
    parts = urlsplit(url)
    port = _allowed_port(parts)
    host = parts.hostname or ""
    addresses = resolve(host, port)
    if not addresses or not all(is_public(address) for address in addresses):
        raise UrlForbidden(f"The host {host[:100]!r} is not on the open internet.")
    deadline = time.monotonic() + DEADLINE_S
    try:
        _read(parts, connect(addresses[0], port, CONNECT_S), upload, deadline)
    except (OSError, http.client.HTTPException, ValueError) as exc:
        raise UrlUnreachable(f"Fetching from {host[:100]!r} failed.") from exc


def _allowed_port(parts: SplitResult) -> int:
    try:
        port = parts.port or PORTS[parts.scheme]
    except (ValueError, KeyError) as exc:
        raise UrlForbidden("Only http and https URLs are fetched.") from exc
    if port not in PORTS.values():
        raise UrlForbidden("Only the ports 80 and 443 are fetched from.")
    return port


def _read(parts: SplitResult, raw: socket.socket, upload: Upload, deadline: float) -> None:
    host = parts.hostname or ""
    with raw:
        if parts.scheme == "https":
            raw = ssl.create_default_context().wrap_socket(raw, server_hostname=host)
        # Timeouts hold for each read alone; a server that drips is cut off by the clock.
        clock = threading.Timer(max(0.0, deadline - time.monotonic()), _cut, [raw])
        clock.start()
        try:
            with raw:
                _ask(parts, raw, upload)
        finally:
            clock.cancel()


def _cut(raw: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it may be closed already
        raw.shutdown(socket.SHUT_RDWR)


def _ask(parts: SplitResult, raw: socket.socket, upload: Upload) -> None:
    connection = http.client.HTTPConnection(parts.hostname or "", timeout=CONNECT_S)
    connection.sock = raw  # connected already, to the address that was checked
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection.request("GET", target, headers={"Accept": "image/*", "Connection": "close"})
    with connection.getresponse() as response:
        if response.status != http.client.OK:
            raise UrlUnreachable(f"The URL answered {response.status}, not 200.")
        while chunk := response.read1(CHUNK_BYTES):
            upload.write(chunk)
        if response.length:
            raise UrlUnreachable("The image was cut off, or did not arrive in time.")
