"""Checks Host and Origin: under which names the service answers, and which pages may write.

Without API keys, a foreign page could reach this machine through DNS rebinding or by posting a
form. With keys it has none, so the check is off.
"""

from __future__ import annotations

import functools
import ipaddress
import re
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

from flask import Flask, Request

from api.answers.errors import Foreign
from api.answers.present import present_request
from contract.settings import Settings

EVERY = "*"
# Top-level names that cannot be registered (RFC 6761, 6762, 8375; ICANN's for private use)
_LOCAL = (".localhost", ".local", ".internal", ".home.arpa")
_PROBES = frozenset({"/healthz", "/readyz"})
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_AUTHORITY = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^\[\]:/@]+?)\.?(?::(\d*))?")
_DEFAULT_PORTS = {"http": "80", "https": "443"}


def register(app: Flask, settings: Settings) -> None:
    """Refuse foreign host names and origins, unless keys are configured and no names are set."""
    if EVERY in settings.allowed_hosts or (settings.api_keys and not settings.allowed_hosts):
        return
    public = Names([*settings.allowed_hosts, urlsplit(settings.public_url or "").hostname or ""])
    names = Names([*public.given, settings.host, socket.gethostname()])

    @app.before_request
    def _check() -> None:
        incoming = present_request()
        host = incoming.headers.get("Host", "")
        if host and incoming.path not in _PROBES and host not in names:
            raise Foreign(
                "This is no name of the service; DEPTHQ_ALLOWED_HOSTS or DEPTHQ_PUBLIC_URL add "
                "names."
            )
        if incoming.method not in _SAFE and not _own_page(incoming, host, public):
            raise Foreign("A page of another site must not write here.")


class Names:
    """The names under which the service answers: local ones, addresses, and those given."""

    def __init__(self, given: Iterable[str]) -> None:
        self.given = {each.lower().rstrip(".") for each in given} - {""}
        self._known = functools.lru_cache(256)(self._contains)  # clients send the same few

    def __contains__(self, authority: str) -> bool:
        return self._known(authority)

    def _contains(self, authority: str) -> bool:
        name, _ = _split(authority)
        if not name:
            return False
        return _is_local(name) or self.holds(name)

    def holds(self, name: str) -> bool:
        """Tell whether `name` is one of the given."""
        suffixes = (f".{name.split('.', n)[-1]}" for n in range(1, name.count(".") + 1))
        return name in self.given or any(suffix in self.given for suffix in suffixes)


def _own_page(incoming: Request, host: str, public: Names) -> bool:
    """Tell whether the request comes from a program, a direct visit, or this service's own page."""
    origin = incoming.headers.get("Origin", "")
    site = incoming.headers.get("Sec-Fetch-Site", "")
    if not origin and not site:
        return True  # a program
    if site in ("same-origin", "none"):
        return True
    scheme, _, authority = origin.partition("://")
    if public.holds(_split(authority)[0]):  # behind a proxy that replaces the Host header
        return True
    if site or not origin:
        return not site
    return _split(authority, scheme) == _split(host, scheme)


def _is_local(name: str) -> bool:
    """Tell whether `name` cannot be registered by others: an address, or a name of a closed
    network.
    """
    if "." not in name and ":" not in name:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return name.endswith(_LOCAL)
    return True


def _split(authority: str, scheme: str = "") -> tuple[str, str]:
    """Return name and port, the scheme's own port as none; the name is empty if it is no name."""
    found = _AUTHORITY.fullmatch(authority.lower())
    if found is None:
        return "", ""
    name, port = found[1].strip("[]"), found[2] or ""
    return name, "" if port == _DEFAULT_PORTS.get(scheme) else port
