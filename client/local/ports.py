"""Free and taken TCP ports of this machine."""

from __future__ import annotations

import socket
from contextlib import closing

from client.errors import LocalProblem


def is_free(host: str, port: int) -> bool:
    """Tell whether a server could listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
        # As servers do: a port with connections in TIME_WAIT counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def any_free(host: str = "127.0.0.1") -> int:
    """Return a free port that the system picks."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def next_free(host: str, wanted: int, tries: int = 100) -> int:
    """Return the first free port from `wanted` on; LocalProblem if there is none near."""
    for port in range(wanted, min(wanted + tries, 65_536)):
        if is_free(host, port):
            return port
    raise LocalProblem(f"no free port from {wanted} on at {host}; set DEPTHQ_PORT or DEPTHQ_HOST")


def accepts(host: str, port: int, timeout_s: float = 1.0) -> bool:
    """Tell whether something listens there."""
    try:
        with socket.create_connection((host, port), timeout_s):
            return True
    except OSError:
        return False
