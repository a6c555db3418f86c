"""Places on a network, as an operator lists them: hosts and networks, with or without a port."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

USUAL_PORTS = (80, 443)
_NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")
_WITH_PORT = re.compile(r"(?P<place>\[.+\]|[^:\[\]]+):(?P<port>[0-9]{1,5})")


@dataclass(frozen=True)
class Place:
    """A host or a network, at one port; None: at the usual ones."""

    target: str | IPv4Network | IPv6Network
    port: int | None = None

    def opens(self, port: int) -> bool:
        """Tell whether anything at `port` is meant."""
        return port in USUAL_PORTS if self.port is None else port == self.port

    def names(self, host: str, port: int) -> bool:
        """Tell whether this very host is meant, wherever it is."""
        return self.target == host.lower().rstrip(".") and self.opens(port)

    def holds(self, address: str, port: int) -> bool:
        """Tell whether `address` is in this network."""
        if isinstance(self.target, str) or not self.opens(port):
            return False
        try:
            return ipaddress.ip_address(address) in self.target
        except ValueError:
            return False

    @property
    def is_network(self) -> bool:
        """Whether hosts that are not named may be inside."""
        return not isinstance(self.target, str)


def read_place(text: str) -> Place:
    """Return the place. Raises ValueError; its message does not repeat the text."""
    found = _WITH_PORT.fullmatch(text)
    place = (found["place"] if found else text).strip("[]").lower()
    port = int(found["port"]) if found else None
    if port is not None and not 1 <= port <= 65_535:
        raise ValueError("expected host:port or network:port, with a port from 1 to 65535")
    try:
        return Place(ipaddress.ip_network(place), port)
    except ValueError:
        if not _NAME.fullmatch(place):
            raise ValueError("expected a host, an address or a network, e.g. 10.0.0.0/8") from None
    return Place(place, port)
