"""Identifies the caller of an upload from the head alone, before the body uses any memory."""

from __future__ import annotations

from collections.abc import Mapping

from api.callers.auth import Keys
from api.callers.client_networks import client_of, network_of


class Holders:
    """Names the holder of a request's budget: its key if keys are configured, else its address."""

    def __init__(self, keys: Keys, trusted_proxy: str | None) -> None:
        self._keys, self._trusted_proxy = keys, trusted_proxy

    def name(self, headers: Mapping[str, str], peer: str) -> str:
        """Return the holder. Raises Unauthorized or Overloaded without a valid key.

        `headers` are named as the parser names them: upper case, with underscores.
        """
        address = network_of(self.address(headers, peer))
        if not self._keys:
            return address
        return self._keys.owner(headers.get("AUTHORIZATION", ""), address)

    def address(self, headers: Mapping[str, str], peer: str) -> str:
        """Return the client's address."""
        return client_of(headers.get("X_FORWARDED_FOR", ""), peer, self._trusted_proxy)
