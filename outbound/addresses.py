"""Which addresses the service may call: public unicast ones, whatever they are dressed up as.

`ipaddress.is_global` alone is not enough: it lets through IPv6 addresses that carry an internal
IPv4 address (NAT64, RFC 6052; 6to4, RFC 3056; Teredo, RFC 4380; IPv4-compatible, RFC 4291),
multicast, and the metadata services that some clouds put on public-looking addresses.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address

from contract.errors import UrlForbidden, UrlUnreachable

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], list[str]]

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_NAT64_LOCAL = ipaddress.ip_network("64:ff9b:1::/48")
_COMPATIBLE = ipaddress.ip_network("::/96")
_FORBIDDEN = tuple(
    ipaddress.ip_network(network)
    for network in (
        "168.63.129.16/32",  # platform services of one cloud
        "192.0.0.0/24",  # IETF protocol assignments, metadata of another
        "100.64.0.0/10",  # carrier-grade NAT, metadata of a third
        "fd00:ec2::/32",
    )
)


def is_public(address: Address) -> bool:
    """Tell whether `address`, and every IPv4 address inside it, is public unicast."""
    if isinstance(address, IPv6Address):
        if address in _NAT64_LOCAL or address.is_site_local:
            return False
        inner = _embedded(address)
        if inner is not None:
            return is_public(inner)
    listed = any(address in net for net in _FORBIDDEN if net.version == address.version)
    return address.is_global and not address.is_multicast and not listed


def _embedded(address: IPv6Address) -> IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64 or address in _COMPATIBLE:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return None


def system_resolve(host: str, port: int) -> list[str]:
    """Return the addresses of `host` as the system resolves it."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


def checked_address(host: str, port: int, resolve: Resolve = system_resolve) -> str:
    """Resolve `host` once and return an address to connect to.

    Raises UrlForbidden if any of its addresses is not public (a host with one foot inside is a
    trick), UrlUnreachable if it has none.
    """
    try:
        texts = resolve(host, port)
    except OSError as exc:
        raise UrlUnreachable(f"The host {host[:100]!r} cannot be resolved.") from exc
    if not texts:
        raise UrlUnreachable(f"The host {host[:100]!r} has no address.")
    for text in texts:
        if not is_public(ipaddress.ip_address(text.partition("%")[0])):
            raise UrlForbidden(f"The host {host[:100]!r} is not on the public Internet.")
    return texts[0]
