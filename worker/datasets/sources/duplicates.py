"""Finds ids used twice among millions, in 8 bytes each."""

from __future__ import annotations

from array import array
from hashlib import blake2b

import numpy as np


class Duplicates:
    """Collects 64-bit hashes; equal ones are candidates, to be compared by their full text."""

    def __init__(self) -> None:
        self._hashes = array("Q")

    @staticmethod
    def hash_of(text: str) -> int:
        """Return the hash that stands for `text`."""
        return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8).digest())

    def add(self, text: str) -> None:
        """Note one id."""
        self._hashes.append(self.hash_of(text))

    def suspects(self) -> set[int]:
        """Return the hashes that came more than once."""
        hashes = np.sort(np.frombuffer(self._hashes, np.uint64)) if self._hashes else np.empty(0)
        return {int(value) for value in hashes[1:][hashes[1:] == hashes[:-1]]}
