"""Results are named after the images: `cats/a.jpg` becomes `cats/a.depth.png`.

A name follows from the item itself, never from its place in a list.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath, PurePosixPath

_MAX_MEMBER = 400
_MAX_PART_BYTES = 255  # of one part of a path, on the usual file systems
MAX_STEM_BYTES = 240  # leaves room for `.heatmap.webp`
_MARK = 12  # letters of a hash that stand for a name which is too long
_ESCAPED = re.compile(r"(?:%[0-9A-F]{2})+")
_ESCAPE = re.compile(r"%(?=[0-9A-Fa-f]{2})")


def member_names(folder: Path, paths: Iterable[Path]) -> dict[str, Path]:
    """Return the files by the name they have in the archive: their path below `folder`.

    What an archive cannot carry unharmed is escaped as in a URL: `%E2%80%AF`.
    """
    return {_member(path.relative_to(folder).as_posix()): path for path in paths}


def _member(name: str) -> str:
    safe = _safe(name)
    if len(safe) <= _MAX_MEMBER:
        return safe
    suffix = "".join(map(_escaped, PurePosixPath(name).suffix))[-40:]
    return f"{safe[: _MAX_MEMBER - 80]}~{_hash(name)}{suffix}"


def _safe(name: str) -> str:
    return "".join(map(_escaped, _ESCAPE.sub("%25", name)))


def _unescaped(name: str) -> str:
    """Return the name from which `_safe` made this; other names stay as they are."""
    plain = _ESCAPED.sub(_bytes_of, name)
    return plain if _safe(plain) == name else name


def _bytes_of(escapes: re.Match[str]) -> str:
    return bytes.fromhex(escapes[0].replace("%", "")).decode("utf-8", "surrogateescape")


def _escaped(letter: str) -> str:
    if letter.isprintable() and letter != "\\":
        return letter
    return "".join(f"%{byte:02X}" for byte in letter.encode("utf-8", "surrogateescape"))


class ResultNames:
    """Gives each image a stem of its own, a relative path that never leaves its folder.

    It is the image's path without its suffix. Images that would share it, also on a
    case-insensitive file system, keep the suffix, and where even that is shared a part of their id
    is added. So every image must be claimed before the first is named.
    """

    def __init__(self, prefix: str = "", local: Mapping[str, str] | None = None) -> None:
        """`prefix` of the addresses, left out of the names; `local`: uri → path of own files."""
        self._prefix = prefix
        self._local = dict(local or {})
        self._owners: dict[bytes, bytes] = {}  # hash of a name → of the only item that claims it
        for uri in self._local:
            self.claim(uri)

    def claim(self, uri: str, item_id: str = "") -> None:
        """Register the image; repetitions are harmless."""
        path, identity = self._path(uri), self._identity(uri, item_id)
        for name in (_stem(path), path):
            key = _key(name)
            if self._owners.setdefault(key, identity) != identity:
                self._owners[key] = b""

    def stem(self, uri: str, item_id: str = "") -> PurePosixPath:
        """Return the stem for the image at `uri`, the same one whenever it is asked."""
        path, identity = self._path(uri), self._identity(uri, item_id)
        for name in (_stem(path), path):
            if self._owners.get(_key(name), identity) == identity:
                return _fitting(name)
        return _fitting(path.with_name(f"{path.name}-{identity.hex()[:_MARK]}"))

    def _path(self, uri: str) -> PurePosixPath:
        own = self._local.get(uri)
        return PurePosixPath(own) if own is not None else _inside(uri, self._prefix)

    def _identity(self, uri: str, item_id: str) -> bytes:
        return _digest(uri if uri in self._local or not item_id else item_id)


def flat_names(paths: Iterable[Path]) -> dict[Path, str]:
    """Return the stems of files from anywhere whose results go into one folder."""
    absolute = {path: path.absolute() for path in paths}
    names = ResultNames(local={str(whole): path.name for path, whole in absolute.items()})
    return {path: str(names.stem(str(whole))) for path, whole in absolute.items()}


def _stem(path: PurePosixPath) -> PurePosixPath:
    stem = path.name.removesuffix(path.suffix)
    return path.with_name(stem) if stem not in ("", ".", "..") else path


def key_of(name: PurePath) -> str:
    """Return a key that is equal for names that some file system treats as equal."""
    return _key(name).hex()


def _key(name: PurePath) -> bytes:
    return _digest(unicodedata.normalize("NFC", str(name)).casefold())


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def _hash(text: str) -> str:
    return _digest(text).hex()[:_MARK]


def _fitting(name: PurePosixPath) -> PurePosixPath:
    """Return the name with every part short enough; a long one ends with a hash of the whole."""
    *folders, last = name.parts
    parts = [_short(part, _MAX_PART_BYTES) for part in folders]
    return PurePosixPath(*parts, _short(last, MAX_STEM_BYTES))


def _short(part: str, most: int) -> str:
    data = part.encode("utf-8", "surrogateescape")
    if len(data) <= most:
        return part
    kept = data[: most - _MARK - 1].decode("utf-8", "ignore")
    return f"{kept}~{_hash(part)}"


def _inside(uri: str, prefix: str) -> PurePosixPath:
    """Return a relative path without `..`, whatever `uri` is."""
    name = (
        uri.removeprefix(prefix) if prefix and uri.startswith(prefix) else uri.partition("://")[2]
    )
    parts = [
        _without(("Cc", "Cs"), part)
        for part in (name or uri).replace("\\", "/").split("/")
        if part not in ("", ".", "..")
    ]
    if uri.startswith("archive://"):
        parts = [_without(("Cc",), _unescaped(part)) for part in parts]
    return PurePosixPath(*parts) if parts else PurePosixPath("image")


def _without(categories: tuple[str, ...], part: str) -> str:
    return "".join("_" if unicodedata.category(c) in categories else c for c in part)
