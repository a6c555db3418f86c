"""A store that discards everything, for benchmarks of the rest of the service."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import BinaryIO

from contract.errors import NotFound
from storage.objects.protocol import ObjectInfo, OneByOne, check_key, check_metadata


class NullStore(OneByOne):
    """An ObjectStore without objects: writes succeed at once, reads find nothing."""

    def put(
        self,
        key: str,
        data: bytes | BinaryIO,  # noqa: ARG002
        *,
        media_type: str,  # noqa: ARG002
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        """Check the key and metadata as the real stores do, and drop the bytes."""
        check_key(key)
        check_metadata(metadata)

    def get(self, key: str) -> bytes:
        """Raise NotFound."""
        raise NotFound(f"no object {key}")

    def open(self, key: str) -> BinaryIO:
        """Raise NotFound."""
        raise NotFound(f"no object {key}")

    def head(self, key: str) -> ObjectInfo:
        """Raise NotFound."""
        raise NotFound(f"no object {key}")

    def list(self, prefix: str, *, start_after: str = "") -> Iterator[ObjectInfo]:  # noqa: ARG002
        """Yield nothing."""
        return iter(())

    def delete(self, keys: Iterable[str]) -> None:
        """Do nothing."""

    def presign(self, key: str, *, expires_s: int, filename: str) -> str | None:  # noqa: ARG002
        """Return None: there are no URLs."""
        return None

    def check(self) -> None:
        """Nothing always serves."""
