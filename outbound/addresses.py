"""Public unicast addresses only; IPv4 embedded in IPv6 is unwrapped first.

`ipaddress.is_global` is not enough: it accepts IPv6 addresses that carry an internal IPv4 address
(NAT64, RFC 6052; 6to4, RFC 3056; Teredo, RFC 4380; IPv4-compatible, RFC 4291), multicast, and the
metadata services that some clouds have at public-looking addresses.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address

from contract.errors import UrlForbidden, UrlUnreachable
from contract.places import USUAL_PORTS, Place

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], list[str]]

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_COMPATIBLE = ipaddress.ip_network("::/96")
_FORBIDDEN = tuple(
    ipaddress.ip_network(network)
    for network in (
        "168.63.129.16/32",  # platform services of one cloud
        "192.0.0.0/24",  # IETF protocol assignments, metadata of another
        "100.64.0.0/10",  # carrier-grade NAT, metadata of a third
        "192.88.99.0/24",  # 6to4 relays
        "198.18.0.0/15",  # benchmarks
        "64:ff9b:1::/48",  # local NAT64
        "fec0::/10",  # site-local, of old
        "fd00:ec2::/32",
    )
)


def is_public(text: str) -> bool:
    """Tell whether `text` is a public unicast address, and every IPv4 address inside it too."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return all(_plainly_public(each) for each in _unwrapped(address))


def _plainly_public(address: Address) -> bool:
    if address.is_multicast or address.is_reserved or not address.is_global:
        return False
    return not any(address in net for net in _FORBIDDEN if net.version == address.version)


def _unwrapped(address: Address) -> list[Address]:
    """Return what `address` stands for: itself, or the IPv4 addresses embedded in it."""
    if isinstance(address, IPv4Address):
        return [address]
    if address in _NAT64 or address in _COMPATIBLE:
        return [IPv4Address(int(address) & 0xFFFF_FFFF)]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    if address.sixtofour is not None:
        return [address.sixtofour, address]
    if address.teredo is not None:
        return [*address.teredo, address]
    return [address]


def system_resolve(host: str, port: int) -> list[str]:
    """Return the addresses of `host` as the system resolves it."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


def checked_address(
    host: str, port: int, resolve: Resolve = system_resolve, places: Sequence[Place] = ()
) -> str:
    """Resolve `host` once and return an address to connect to: a public one, or one in `places`.

    Raises UrlForbidden if any of its addresses is neither (mixed answers are an attack),
    UrlUnreachable if it has none.
    """
    try:
        texts = resolve(host, port)
    except (OSError, UnicodeError) as exc:
        raise UrlUnreachable(f"The host {host[:100]!r} cannot be resolved.") from exc
    if not texts:
        raise UrlUnreachable(f"The host {host[:100]!r} has no address.")
    if any(place.names(host, port) for place in places):
        return texts[0]
    for text in texts:
        public = port in USUAL_PORTS and is_public(text)
        if not public and not any(place.holds(text, port) for place in places):
            raise UrlForbidden(f"The host {host[:100]!r} is not on the public Internet.")
    return texts[0]
