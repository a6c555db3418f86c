"""Malformed requests, byte by byte, and how the front answers them."""

from __future__ import annotations

import json
import re
import socket
from dataclasses import dataclass
from typing import Any

from tests.waits import PATIENT_S

HEAD = b"Host: x\r\nConnection: close\r\n"
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] \d{3} ")
FORM = b"Content-Type: multipart/form-data; boundary=x\r\n"


@dataclass(frozen=True)
class RawAnswer:
    """What came back until the server closed the connection."""

    data: bytes

    @property
    def status(self) -> int:
        return int(self.data.split(None, 2)[1]) if self.data else 0

    @property
    def head(self) -> str:
        return self.data.partition(b"\r\n\r\n")[0].decode("latin-1")

    @property
    def answers(self) -> int:
        """How many requests the server took the bytes for."""
        return len(_STATUS_LINE.findall(self.data))

    def problem(self) -> dict[str, Any]:
        """Return the problem document; fails if the body is none."""
        assert "application/problem+json" in self.head, self.data[:500]
        return dict(json.loads(self.data.partition(b"\r\n\r\n")[2]))


def ask(port: int, request: bytes, *, half_close: bool = False) -> RawAnswer:
    """Send the bytes on a connection of their own; return all that is answered."""
    data = b""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENT_S) as raw:
        try:
            raw.sendall(request)
            if half_close:
                raw.shutdown(socket.SHUT_WR)
            while chunk := raw.recv(65_536):
                data += chunk
        except ConnectionError:
            pass  # it may close while we still send; what it answered until then counts
    return RawAnswer(data)


def post(headers: bytes, body: bytes = b"") -> bytes:
    """Return a POST with exactly these headers beside Host and Connection."""
    return b"POST /v1/jobs HTTP/1.1\r\n" + HEAD + headers + b"\r\n" + body


def sized(headers: bytes, body: bytes) -> bytes:
    """Return a POST with these headers and the true length of `body`."""
    return post(headers + b"Content-Length: %d\r\n" % len(body), body)


def get(path: bytes) -> bytes:
    """Return a GET of `path`, unescaped."""
    return b"GET " + path + b" HTTP/1.1\r\n" + HEAD + b"\r\n"


def part(headers: bytes, content: bytes = b"v") -> bytes:
    """Return one part of a form."""
    return b"--x\r\n" + headers + b"\r\n\r\n" + content + b"\r\n"


def field(name: bytes, content: bytes = b"v") -> bytes:
    """Return a form field."""
    return part(b'Content-Disposition: form-data; name="' + name + b'"', content)


def form(*parts: bytes) -> bytes:
    """Return a POST of a form of these parts."""
    return sized(FORM, b"".join(parts) + b"--x--\r\n")
