"""Host addresses in URLs: IPv6 in brackets, and a wildcard address as a concrete one."""

from __future__ import annotations

_ALL = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - wildcard → loopback


def authority(host: str, port: int | str) -> str:
    """Return `host:port` as in a URL."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def local_url(host: str, port: int | str) -> str:
    """Return the URL under which programs of this machine reach a server that listens on `host`."""
    return f"http://{authority(_ALL.get(host, host), port)}"
