"""Sends single commands to a Redis server in its protocol; the client has no Redis library."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path
from urllib.parse import unquote, urlsplit

WRONG_PASSWORD = "it refuses the user or the password"  # noqa: S105
_PASSWORD_CODES = ("-NOAUTH", "-WRONGPASS", "-ERR AUTH", "-ERR invalid password")


def answers(url: str, timeout_s: float = 1.0, ca_file: Path | None = None) -> str | None:
    """Return None if the Redis at `url` answers PING with PONG, else why it does not."""
    try:
        reply = ask(url, "PING", timeout_s, ca_file)
    except ssl.SSLCertVerificationError:
        return "its TLS certificate is not trusted; DEPTHQ_REDIS_CA_FILE names a CA"
    except (OSError, ValueError) as exc:
        return str(exc)
    if reply.startswith(_PASSWORD_CODES):
        return WRONG_PASSWORD
    return None if reply == "+PONG" else reply.lstrip("-") or "it closed the connection"


def ask(url: str, command: str, timeout_s: float, ca_file: Path | None = None) -> str:
    """Return the first line of a Redis server's answer; OSError or ValueError if there is none."""
    parts = urlsplit(url)
    address = (parts.hostname or "127.0.0.1", parts.port or 6379)
    with _connect(parts.scheme, address, timeout_s, ca_file) as connection:
        if parts.password:
            user = (unquote(parts.username),) if parts.username else ()
            connection.sendall(_command("AUTH", *user, unquote(parts.password)))
            refusal = connection.recv(1024).decode("ascii", "replace").strip()
            if refusal.startswith("-"):
                return refusal
        connection.sendall(_command(command))
        return connection.recv(1024).decode("ascii", "replace").strip()


def _connect(
    scheme: str, address: tuple[str, int], timeout_s: float, ca_file: Path | None
) -> socket.socket:
    plain = socket.create_connection(address, timeout_s)
    if scheme != "rediss":
        return plain
    context = ssl.create_default_context(cafile=ca_file)
    return context.wrap_socket(plain, server_hostname=address[0])


def _command(*words: str) -> bytes:
    """Write a command in RESP, the protocol of Redis."""
    encoded = [word.encode() for word in words]
    parts = [b"*%d\r\n" % len(encoded)]
    parts += [b"$%d\r\n%s\r\n" % (len(word), word) for word in encoded]
    return b"".join(parts)
