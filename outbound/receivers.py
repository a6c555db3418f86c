"""Allowed webhook receivers: public addresses, and private places that the operator lists."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Sequence
from functools import partial

from contract.errors import UrlForbidden
from contract.places import USUAL_PORTS, Place
from outbound.addresses import checked_address, is_public
from outbound.http import CHUNK_BYTES, Connect, GuardedClient, checked_url, open_connection, port_of

# Names that no public DNS answers (RFC 2606, 6761, 6762, 8375; ICANN for `internal`).
_PRIVATE_NAMES = (".localhost", ".local", ".internal", ".home.arpa")
_NUMBERS = re.compile(r"(0x[0-9a-f]*|[0-9]+)(\.(0x[0-9a-f]*|[0-9]+)){0,3}")


def check_receiver(url: str, places: Sequence[Place] = ()) -> None:
    """Refuse a URL that is not allowed, without a DNS look-up. Raises UrlForbidden.

    What passes is checked again, with its addresses, when it is called.
    """
    parts = checked_url(url, places)
    host, port = str(parts.hostname).rstrip("."), port_of(parts)
    if any(place.names(host, port) for place in places):
        return
    address = _address(host)
    if address is not None:
        public = is_public(address)
        listed = any(place.holds(address, port) for place in places)
    else:
        public = not _is_private_name(host)
        listed = any(place.is_network and place.opens(port) for place in places)
    if not listed and not (public and port in USUAL_PORTS):
        raise UrlForbidden("This is not on the public Internet, where the service calls.")


def receiver_client(places: Sequence[Place], connect: Connect = open_connection) -> GuardedClient:
    """Return the HTTP client for webhooks, which allows the listed places too."""
    locate = partial(checked_address, places=places)
    return GuardedClient(
        max_bytes=CHUNK_BYTES, locate=locate, connect=connect, places=tuple(places)
    )


def _address(host: str) -> str | None:
    """Return the address that `host` spells out, also in the forms of inet_aton; None: a name."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        if not _NUMBERS.fullmatch(host):
            return None
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except OSError as exc:
        raise UrlForbidden("This is no address.") from exc


def _is_private_name(host: str) -> bool:
    return "." not in host or f".{host}".endswith(_PRIVATE_NAMES)
