"""Detects an archive's type by magic bytes: at the start, and at 257 for a tar.

The content does not count: a tar may contain a zip, whose directory is then at the end of both.
"""

from __future__ import annotations

from typing import Literal

from contract.errors import InvalidRequest

Kind = Literal["zip", "gzip", "bzip2", "xz", "tar", "unknown"]
HEAD_BYTES = 512  # as many are needed to tell

_READ: tuple[tuple[bytes, Kind], ...] = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),  # an empty one
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
)
_REFUSED = (
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"\x28\xb5\x2f\xfd", "compressed with Zstandard"),
    (b"\x1f\x9d", "compressed with compress (.Z)"),
    (b"LZIP", "compressed with lzip"),
    (b"MSCF", "a Windows cabinet"),
    (b"PK\x07\x08", "one part of a zip in several parts"),
    (b"\xff\xd8\xff", "a single JPEG picture"),
    (b"\x89PNG\r\n", "a single PNG picture"),
    (b"%PDF", "a PDF document"),
)


def archive_kind(head: bytes) -> Kind:
    """Return the kind of the archive that begins with `head` (HEAD_BYTES of it, or all).

    Raises InvalidRequest, naming it, on what is known and not read here. `unknown` may still be
    an old tar, which has no magic bytes, or a self-extracting zip.
    """
    for magic, kind in _READ:
        if head.startswith(magic):
            return kind
    if head[257:262] == b"ustar":
        return "tar"
    for magic, what in _REFUSED:
        if head.startswith(magic):
            raise InvalidRequest(f"the archive is {what}; send a zip or a tar (.gz, .bz2, .xz)")
    return "unknown"
