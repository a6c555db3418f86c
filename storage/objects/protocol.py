"""The protocol of object stores, and the rules for keys and metadata that all enforce."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol

_SEGMENT = (
    r"[A-Za-z0-9_=-][A-Za-z0-9._=-]{0,199}"  # no leading dot: those names are the store's own
)
KEY = re.compile(rf"{_SEGMENT}(?:/{_SEGMENT})*")
_METADATA_NAME = re.compile(r"[a-z0-9-]{1,64}")
_METADATA_VALUE = re.compile(r"[!-~](?:[ -~]*[!-~])?|")  # HTTP strips spaces at the ends
MAX_KEY_LENGTH = 512
MAX_METADATA_BYTES = 2048  # of names and values together: the limit of S3


@dataclass(frozen=True)
class ObjectInfo:
    """Metadata of an object. `list` leaves media_type and metadata empty."""

    key: str
    size: int  # bytes
    modified_at: float  # seconds since the epoch
    media_type: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    etag: str = ""


@dataclass(frozen=True)
class NewObject:
    """A small object that is written together with others; it has no metadata."""

    key: str
    data: bytes
    media_type: str


class ObjectStore(Protocol):
    """Whole objects by key. Every method raises StorageUnavailable when the store cannot serve."""

    def put(
        self,
        key: str,
        data: bytes | BinaryIO,
        *,
        media_type: str,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        """Write the whole object or nothing, durably, over any older one.

        A file is read from its start and must be seekable. Raises ValueError on a bad key or
        metadata that is not printable ASCII of at most 2 KiB.
        """

    def put_all(self, objects: Sequence[NewObject]) -> None:
        """Put each of `objects`, in any order, with fewer requests where the store can.

        After an error any of them may be there, each whole.
        """

    def get(self, key: str) -> bytes:
        """Return the object's bytes. Raises NotFound."""

    def read(self, key: str, most: int) -> bytes:
        """Return the object's bytes, at most the first `most`. Raises NotFound."""

    def open(self, key: str) -> BinaryIO:
        """Return a stream of the object's bytes, to be closed by the caller. Raises NotFound."""

    def head(self, key: str) -> ObjectInfo:
        """Return everything but the bytes. Raises NotFound."""

    def list(self, prefix: str, *, start_after: str = "") -> Iterator[ObjectInfo]:
        """Yield the objects whose key starts with `prefix`, lexicographically, lazily paged."""

    def delete(self, keys: Iterable[str]) -> None:
        """Remove objects; missing ones are fine."""

    def presign(self, key: str, *, expires_s: int, filename: str) -> str | None:
        """Return a URL that downloads the object as `filename`; None: the store has no URLs."""

    def check(self) -> None:
        """Raise StorageUnavailable if the store cannot serve now."""


class OneByOne:
    """For stores that have no better way: `put_all` by `put`, `read` by `open`."""

    def put_all(self: ObjectStore, objects: Sequence[NewObject]) -> None:
        """See ObjectStore."""
        for each in objects:
            self.put(each.key, each.data, media_type=each.media_type)

    def read(self: ObjectStore, key: str, most: int) -> bytes:
        """See ObjectStore."""
        with self.open(key) as stream:
            return stream.read(most)


def check_key(key: str) -> str:
    """Return `key` if it is a sane object key; else raise ValueError. Shuts out every `..`."""
    if len(key) > MAX_KEY_LENGTH or not KEY.fullmatch(key):
        raise ValueError(f"not an object key: {key[:100]!r}")
    return key


def check_metadata(metadata: Mapping[str, str] | None) -> dict[str, str]:
    """Return a copy of `metadata` if every store can represent it; else raise ValueError."""
    checked = dict(metadata or {})
    for name, value in checked.items():
        if not _METADATA_NAME.fullmatch(name) or not _METADATA_VALUE.fullmatch(value):
            raise ValueError(f"metadata entry {name[:64]!r} is not plain ASCII")
    if sum(len(name) + len(value) for name, value in checked.items()) > MAX_METADATA_BYTES:
        raise ValueError(f"metadata is larger than {MAX_METADATA_BYTES} bytes")
    return checked


def read_all(data: bytes | BinaryIO) -> bytes:
    """Return the bytes of `data`, from its start if it is a file."""
    if isinstance(data, bytes):
        return data
    data.seek(0)
    return data.read()
