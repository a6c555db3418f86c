"""Which network a request comes from: one IPv6 customer has at least a /64."""

from __future__ import annotations

import functools
import ipaddress

_NEIGHBOURS = {4: 32, 6: 64}


def client_of(forwarded: str, peer: str, trusted_proxy: str | None) -> str:
    """Return the client's address: that of the connection, or what a trusted proxy says.

    `forwarded`: the header X-Forwarded-For, to which each proxy adds a word at the end.
    """
    if not forwarded or trusted_proxy not in ("*", peer):
        return peer
    return _bare(forwarded.rpartition(",")[2].strip().strip('"'))


def _bare(said: str) -> str:
    """Return the address in a proxy's word for it: bare, in brackets, or with a port."""
    if said.startswith("["):
        return said[1:].partition("]")[0]
    host, _, _ = said.partition(":")
    return host if said.count(":") == 1 else said  # more colons: IPv6, which has no port then


@functools.lru_cache(4096)  # asked twice per request
def network_of(address: str) -> str:
    """Return a name for the caller at `address`; the name `nobody` without one (a Unix socket)."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "nobody"
    if parsed.version == 6 and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    network = ipaddress.ip_network((parsed, _NEIGHBOURS[parsed.version]), strict=False)
    return f"at-{network.network_address}"
