"""Submission limits: for all callers, and for single keys instead.

A key is identified by a prefix of its SHA-256, so that the setting contains no secret.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from contract.errors import InvalidRequest
from contract.settings import Settings


@dataclass(frozen=True)
class Limits:
    """Submissions; 0: no limit."""

    per_minute: int
    per_day: int

    def __bool__(self) -> bool:
        return bool(self.per_minute or self.per_day)


def key_digest(key: str) -> str:
    """Return what is stored and compared instead of the key: its SHA-256, hexadecimal."""
    return hashlib.sha256(key.encode()).hexdigest()


class KeyLimits:
    """The limits of every caller. Raises InvalidRequest for a limit of no key, or of several."""

    def __init__(self, settings: Settings) -> None:
        self.digests = [key_digest(key.get_secret_value()) for key in settings.api_keys]
        self._of_all = Limits(settings.rate_per_minute, settings.quota_per_day)
        self._own = dict(_own_limits(entry, self.digests) for entry in settings.key_limits)

    def of(self, owner: str | None) -> Limits:
        """Return the limits of the key with this digest; None: a caller without a key."""
        return self._own.get(owner or "", self._of_all)


def _own_limits(entry: str, digests: Sequence[str]) -> tuple[str, Limits]:
    beginning, _, limits = entry.partition("=")
    found = [digest for digest in digests if digest.startswith(beginning)]
    if len(found) != 1:
        raise InvalidRequest(
            f"DEPTHQ_KEY_LIMITS: {beginning} is the beginning of the SHA-256 of {len(found)} keys, "
            "not of one"
        )
    per_minute, _, per_day = limits.partition("/")
    return found[0], Limits(int(per_minute), int(per_day))
