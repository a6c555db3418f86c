"""Maps a client's address to its network: one IPv6 customer has at least a /64."""

from __future__ import annotations

import functools
import ipaddress

_NEIGHBOURS = {4: 32, 6: 64}


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
