"""Which network addresses a stranger may make us call. Pure; whoever connects does the resolving.

`ipaddress.is_global` alone is not enough: it takes IPv6 forms that embed an IPv4 address
(NAT64, 6to4, Teredo, IPv4-compatible), multicast, and clouds' own service addresses for public.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_NAT64 = ip_network("64:ff9b::/96")
_COMPATIBLE = ip_network("::/96")
_DENIED = tuple(
    ip_network(text)
    for text in (
        "168.63.129.16/32",  # Azure's platform services
        "100.64.0.0/10",  # shared address space; clouds keep metadata here too
        "192.0.0.0/24",  # protocol assignments, Oracle's metadata among them
        "192.88.99.0/24",  # 6to4 relays
        "198.18.0.0/15",  # benchmarks
        "240.0.0.0/4",
        "64:ff9b:1::/48",
        "fd00:ec2::/32",  # AWS's metadata
    )
)


def is_public(text: str) -> bool:
    """Tell whether `text` is an address on the open internet, also in every disguise it wears."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return all(_plainly_public(each) for each in _unwrapped(address))


def _plainly_public(address: IPv4Address | IPv6Address) -> bool:
    if address.is_multicast or address.is_reserved or not address.is_global:
        return False
    return not any(address in network for network in _DENIED if network.version == address.version)


def _unwrapped(address: IPv4Address | IPv6Address) -> list[IPv4Address | IPv6Address]:
    """Return what stands for `address`: itself, or the IPv4 addresses embedded in it."""
    if isinstance(address, IPv4Address):
        return [address]
    low = IPv4Address(int(address) & 0xFFFFFFFF)
    if address in _NAT64 or address in _COMPATIBLE:
        return [low]
    if address.ipv4_mapped:
        return [address.ipv4_mapped]
    if address.sixtofour:
        return [address.sixtofour, address]
    if address.teredo:
        return [*address.teredo, address]
    return [address]
